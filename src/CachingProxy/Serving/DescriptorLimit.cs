using System.Runtime.InteropServices;

namespace CachingProxy.Serving;

/// <summary>
/// The number of files and sockets that the system lets this process have open, and their shares: some for the process itself, a part for
/// fetches, the rest for clients.
/// </summary>
/// <param name="Descriptors">How many may be open at once.</param>
internal sealed partial record DescriptorLimit(long Descriptors)
{
    /// <summary>The largest number of connections of clients, however many descriptors there are.</summary>
    public const int MaxConnections = 10_000;

    // The descriptors that will be opened in addition to those that are open now: for libraries that are loaded later, the log, a file
    // behind the memory with its readers, connections to Redis.
    private const int LaterUse = 128;

    // The assumed number of open descriptors, if they cannot be counted.
    private const int UsuallyOpen = 128;

    private readonly int _ownUse = LaterUse + (Open ?? UsuallyOpen);

    private const int LinuxOpenFiles = 7;
    private const int MacOpenFiles = 8;

    /// <summary>The number of files and sockets that this process has open now; null where the system does not tell.</summary>
    public static int? Open => Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : null;

    /// <summary>
    /// Returns how many fetches from one origin there may be at once: the number asked for, but at most a third of the descriptors that our
    /// own use leaves.
    /// </summary>
    public int FetchesOf(int asked) => (int)Math.Clamp((Descriptors - _ownUse) / 3, 1, asked);

    /// <summary>Returns how many connections of clients there may be at once.</summary>
    public int ConnectionsBeside(int fetches) => (int)Math.Clamp(Descriptors - _ownUse - fetches, 1, MaxConnections);

    /// <summary>Raises the limit as far as the system lets this process do so, and returns it.</summary>
    public static DescriptorLimit Raise()
    {
        if (OperatingSystem.IsWindows())
        {
            return new DescriptorLimit(long.MaxValue);
        }

        var resource = OperatingSystem.IsMacOS() ? MacOpenFiles : LinuxOpenFiles;
        if (Get(resource, out var limit) != 0)
        {
            return new DescriptorLimit(1024);
        }

        // The JIT's runtime has raised the limit already; a program compiled ahead of time has not.
        var raised = limit with
        {
            Soft = limit.Hard,
        };
        return new DescriptorLimit((long)Math.Min(long.MaxValue, Set(resource, raised) == 0 ? raised.Soft : limit.Soft));
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int Set(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private record struct Limit(ulong Soft, ulong Hard);
}
