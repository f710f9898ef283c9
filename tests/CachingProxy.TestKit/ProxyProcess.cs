using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace CachingProxy.TestKit;

/// <summary>The proxy as its own process, as it was built; it ends with this.</summary>
public sealed class ProxyProcess : IDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _errors;

    private ProxyProcess(Process process, Channel<string> errors, string startLine)
    {
        _process = process;
        _errors = errors;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(startLine.Split(' ')[3]) };
    }

    public HttpClient Client { get; }

    public static Task<ProxyProcess> StartAsync(params string[] arguments) => StartAsync("", arguments);

    /// <summary>Starts it with a limit of open files, which it cannot raise.</summary>
    public static Task<ProxyProcess> StartWithDescriptorsAsync(int descriptors, params string[] arguments) =>
        StartAsync($"ulimit -n {descriptors}; ", arguments);

    /// <summary>Starts it with a standard error that nobody reads.</summary>
    public static Task<ProxyProcess> StartUnreadAsync(params string[] arguments) =>
        StartAsync("exec 2> >(exec tail --pid=$$ -f /dev/null); ", arguments);

    /// <summary>Starts it so that <see cref="FailCallsAsync"/> has calls to the system fail.</summary>
    public static Task<ProxyProcess> StartUnreliableAsync(params string[] arguments) => StartAsync("wrap='fiu-run -x'; ", arguments);

    /// <summary>Starts it with variables of the environment, each as <c>NAME=value</c> without blanks.</summary>
    public static Task<ProxyProcess> StartWithVariablesAsync(IEnumerable<string> variables, params string[] arguments) =>
        StartAsync($"export {string.Join(' ', variables)}; ", arguments);

    /// <summary>Starts it in a heap of so many bytes.</summary>
    public static Task<ProxyProcess> StartInHeapAsync(long bytes, params string[] arguments) =>
        StartAsync($"export DOTNET_GCHeapHardLimit={bytes:x}; ", arguments);

    private static async Task<ProxyProcess> StartAsync(string before, string[] arguments)
    {
        // A file that may not grow is an error to be told of, and not the end of the process.
        var start = new ProcessStartInfo(
            "bash",
            [
                "-c",
                before + "trap '' XFSZ; exec $wrap dotnet \"$@\"",
                "bash",
                Path.Combine(AppContext.BaseDirectory, "caching-proxy.dll"),
                "--port",
                "0",
                .. arguments,
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_gcServer"] = "0";
        var process = Process.Start(start)!;
        var errors = Channel.CreateUnbounded<string>();
        _ = ReadErrorsAsync(process, errors.Writer);
        var line = await process.StandardOutput.ReadLineAsync();
        return line is null
            ? throw new InvalidOperationException(string.Join('\n', await errors.Reader.ReadAllAsync().ToListAsync()))
            : new ProxyProcess(process, errors, line);
    }

    /// <summary>Runs the command to its end; answers with the exit code and all that it said.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "caching-proxy.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    /// <summary>From now on no file of it grows beyond a size, as on a disk that is full; null for as large as they like.</summary>
    public async Task LimitFilesAsync(long? bytes)
    {
        using var limiting = Process.Start(
            "prlimit",
            ["--pid", $"{_process.Id}", $"--fsize={bytes?.ToString(CultureInfo.InvariantCulture) ?? "unlimited"}:unlimited"]
        );
        await limiting.WaitForExitAsync();
        if (limiting.ExitCode != 0)
        {
            throw new InvalidOperationException("prlimit failed.");
        }
    }

    /// <summary>From now on every call of a kind fails (EIO), or none of it any more; for one that was started so that it can.</summary>
    public async Task FailCallsAsync(string kind, bool doFail)
    {
        using var control = Process.Start(
            "fiu-ctrl",
            ["-c", doFail ? $"enable name={kind},failinfo=5" : $"disable name={kind}", $"{_process.Id}"]
        );
        await control.WaitForExitAsync();
        if (control.ExitCode != 0)
        {
            throw new InvalidOperationException("fiu-ctrl failed.");
        }
    }

    /// <summary>The next line that it writes to standard error.</summary>
    public async Task<string> ReadErrorLineAsync() => await _errors.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>What it takes of the machine's memory now.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Makes it collect its whole heap, and returns the bytes of the objects that survived.</summary>
    public Task<long> MeasureLiveBytesAsync() => LiveHeap.MeasureAsync(_process.Id);

    /// <summary>The files that are mapped into its memory: the assemblies among them.</summary>
    public string LoadedFiles => File.ReadAllText($"/proc/{_process.Id}/maps");

    /// <summary>How many files and sockets it has open now.</summary>
    public int Handles => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    /// <summary>Sends a signal.</summary>
    public void Signal(int number) => _ = kill(_process.Id, number);

    /// <summary>Waits for the end, and answers with the exit code.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return _process.ExitCode;
    }

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);

    private static async Task ReadErrorsAsync(Process process, ChannelWriter<string> errors)
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            errors.TryWrite(line);
        }

        errors.Complete();
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Kill();
        _process.Dispose();
    }
}
