using System.Diagnostics;
using System.Text.RegularExpressions;

namespace CachingProxy.FanOut;

/// <summary>The proxy under measurement, in a process of its own, which ends with this.</summary>
internal sealed partial class ProxyProcess(Process process, Uri url) : IDisposable
{
    public Uri Url => url;

    /// <summary>The most memory that was resident since <see cref="ResetPeak"/>.</summary>
    public long PeakBytes => Read("VmHWM");

    public static async Task<ProxyProcess> StartAsync(string[] command, Uri origin)
    {
        var start = new ProcessStartInfo(command[0], [.. command[1..], "--port", "0", "--origin", origin.ToString()])
        {
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                return new ProxyProcess(process, new Uri(match.Groups[1].Value));
            }
        }

        throw new InvalidOperationException("The proxy did not start.");
    }

    /// <summary>Begins to look for the peak anew, and answers with what is resident now.</summary>
    public long ResetPeak()
    {
        File.WriteAllText($"/proc/{process.Id}/clear_refs", "5");
        return Read("VmRSS");
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private long Read(string name) =>
        long.Parse(
            File.ReadLines($"/proc/{process.Id}/status")
                .First(line => line.StartsWith(name, StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]
        ) << 10;

    [GeneratedRegex("listens on (http://[^ ]+)")]
    private static partial Regex Listening();
}
