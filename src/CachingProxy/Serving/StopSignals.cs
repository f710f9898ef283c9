using System.Runtime.InteropServices;

namespace CachingProxy.Serving;

/// <summary>
/// Handles signals. If the access log has a file, SIGHUP makes the log open it anew (logrotate). Otherwise SIGHUP asks for a stop, as
/// Ctrl-C and SIGTERM always do. The first signal that asks for a stop begins it: requests in flight may finish. The second one ends the
/// process at once, with the exit code that shells expect (128 plus the signal's number).
/// </summary>
internal sealed partial class StopSignals : IDisposable
{
    private const int ExitCodeBase = 128;

    private readonly ProxyServer _server;
    private readonly List<PosixSignalRegistration> _registrations;
    private int _count;

    public StopSignals(ProxyServer server)
    {
        _server = server;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, received => On(received, 2)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, received => On(received, 15)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, received => On(received, 1)),
        ];
    }

    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void On(PosixSignalContext received, int number)
    {
        received.Cancel = true;
        if (received.Signal == PosixSignal.SIGHUP && _server.ReopenLog())
        {
            return;
        }

        if (Interlocked.Increment(ref _count) > 1)
        {
            End(ExitCodeBase + number);
            return;
        }

        if (_server.RequestsInFlight is var requests and > 0)
        {
            Console.Error.WriteLine(
                $"caching-proxy: waiting for {requests} {(requests == 1 ? "request" : "requests")}, "
                    + $"{ProxyServer.DrainTimeout.TotalSeconds:0} s at most; again to quit at once"
            );
        }

        _ = _server.StopAsync();
    }

    // Environment.Exit waits for the very stop that is to be cut short.
    private static void End(int exitCode)
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(exitCode);
        }

        EndNow(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void EndNow(int exitCode);
}
