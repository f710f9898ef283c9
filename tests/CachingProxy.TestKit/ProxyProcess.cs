using System.Diagnostics;
using System.Globalization;

namespace CachingProxy.TestKit;

/// <summary>The proxy as its own process, as it was built; it ends with this.</summary>
public sealed class ProxyProcess : IDisposable
{
    private readonly Process _process;

    private ProxyProcess(Process process, string startLine)
    {
        _process = process;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(startLine.Split(' ')[3]) };
    }

    public HttpClient Client { get; }

    public static async Task<ProxyProcess> StartAsync(params string[] arguments)
    {
        // A file that may not grow is an error to be told of, and not the end of the process.
        var start = new ProcessStartInfo("bash", ["-c", "trap '' XFSZ; exec dotnet \"$@\"", "bash", Path.Combine(AppContext.BaseDirectory, "caching-proxy.dll"), "--port", "0", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_gcServer"] = "0";
        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var line = await process.StandardOutput.ReadLineAsync();
        return line is null ? throw new InvalidOperationException(await errors) : new ProxyProcess(process, line);
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
        using var limiting = Process.Start("prlimit", ["--pid", $"{_process.Id}", $"--fsize={bytes?.ToString(CultureInfo.InvariantCulture) ?? "unlimited"}:unlimited"]);
        await limiting.WaitForExitAsync();
        if (limiting.ExitCode != 0)
        {
            throw new InvalidOperationException("prlimit failed.");
        }
    }

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Kill();
        _process.Dispose();
    }
}
