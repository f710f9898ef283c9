using System.Diagnostics;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Packaging;

/// <summary>The unit for systemd says nothing that systemd does not understand.</summary>
public class ServiceUnitTests
{
    [Fact]
    public async Task TheUnit_IsAcceptedBySystemd()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "There is no systemd-analyze on this machine.");
        using var folder = new TemporaryFolder();
        var unit = folder.File("caching-proxy.service");
        var text = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "packaging", "caching-proxy.service"),
            TestContext.Current.CancellationToken
        );
        // The program is not installed here.
        await File.WriteAllTextAsync(
            unit,
            text.Replace("/opt/caching-proxy/.caching-proxy/app/caching-proxy", "/bin/true", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        using var analyze = Process.Start(
            new ProcessStartInfo("systemd-analyze", ["verify", unit]) { RedirectStandardError = true, RedirectStandardOutput = true }
        )!;
        var said = await analyze.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await analyze.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("caching-proxy.service:", said);
        Assert.Equal(0, analyze.ExitCode);
    }
}
