using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using CachingProxy.Configuration;
using CachingProxy.Core.Parsing;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Conformance.Tests;

/// <summary>Our own scenarios, for what no public suite covers: real sockets, a clock that the scenario moves.</summary>
public sealed partial class ScenarioTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<ScenarioStep.OriginAnswer> _answers = new();
    private readonly ConcurrentQueue<string> _faults = new();

    public static IEnumerable<TheoryDataRow<string>> Ids => Scenario.All.Keys.Select(id => new TheoryDataRow<string>(id));

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Scenario_HasItsOutcome(string id)
    {
        var scenario = Scenario.All[id];
        await using var origin = new FakeOrigin(AnswerAsync);
        await using var proxy = await TestProxy.StartWithAsync(
            SettingsOf(scenario) with
            {
                Origin = origin.Url,
            },
            new ServerDependencies { Time = _time }
        );
        var number = 0;
        foreach (var step in scenario.Steps)
        {
            number++;
            await AgeAsync(proxy, step.After);
            if (step.Send.Length == 0)
            {
                continue;
            }

            foreach (var answer in step.Origin)
            {
                _answers.Enqueue(answer);
            }

            var received = await ExchangeAsync(proxy, step);
            await proxy.Engine.SettleAsync();

            Check(number, step, received);
        }
    }

    private static ProxySettings SettingsOf(Scenario scenario)
    {
        var settings = new ProxySettings { TimeToLive = TimeSpan.Zero };
        foreach (var (name, value) in scenario.Settings)
        {
            settings =
                SettingTable.All.Single(setting => setting.Name == name).Apply(settings, [value])
                ?? throw new InvalidOperationException($"--{name} cannot be {value}.");
        }

        return settings;
    }

    // In one piece time could pass a limit of the proxy's own that nothing here has set off.
    private async Task AgeAsync(TestProxy proxy, int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        await proxy.Engine.SettleAsync();
    }

    private async Task<ReceivedResponse> ExchangeAsync(TestProxy proxy, ScenarioStep step)
    {
        var (method, target) = (step.Send.Split(' ')[0], step.Send.Split(' ')[1]);
        var lines = step.With.Select(Dated).ToList();
        if (step.Content is not null)
        {
            lines.Add($"Content-Length: {step.Content.Length}");
        }

        var raw = await proxy.ExchangeAsync(proxy.Raw(method, target, [.. lines, "Connection: close"]) + step.Content);
        return ReceivedResponse.Parse(raw);
    }

    private async Task AnswerAsync(ReceivedRequest request, FakeOriginConnection connection)
    {
        if (!_answers.TryDequeue(out var answer))
        {
            _faults.Enqueue($"The origin was asked once too often: {request.Method} {request.Target}");
            await connection.SendAsync("HTTP/1.1 599 Unexpected\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            connection.Close();
            return;
        }

        foreach (var expected in answer.Sees.Select(Dated))
        {
            var name = expected.TrimStart('!').Split(": ")[0];
            var wanted = expected.StartsWith('!') ? null : expected[(name.Length + 2)..];
            if (request[name] != wanted)
            {
                _faults.Enqueue($"The origin saw {name}: {request[name] ?? "nothing"}, not {wanted ?? "nothing"}");
            }
        }

        if (answer.Status == 0)
        {
            connection.Reset();
            return;
        }

        var fields = answer.With.Select(Dated).ToList();
        if (!fields.Any(line => line.StartsWith("Date:", StringComparison.Ordinal)))
        {
            fields.Add(Dated("Date: {now}"));
        }

        var isWithoutContent = request.Method == "HEAD" || answer.Status is 204 or 304;
        var length = answer.Status is 204 or 304 ? "" : $"Content-Length: {answer.Content.Length}\r\n";
        await connection.SendAsync(
            $"HTTP/1.1 {answer.Status} Status\r\n{string.Concat(fields.Select(line => line + "\r\n"))}{length}Connection: close\r\n\r\n{(isWithoutContent ? "" : answer.Content)}"
        );
        connection.Close();
    }

    private void Check(int number, ScenarioStep step, ReceivedResponse received)
    {
        if (!_answers.IsEmpty)
        {
            _faults.Enqueue("The origin was not asked.");
            _answers.Clear();
        }

        Note("status", step.Status.ToString(System.Globalization.CultureInfo.InvariantCulture), received.Status);
        Note("Cache-Status", $"caching-proxy; {step.CacheStatus}", received["Cache-Status"]);
        if (step.Body is not null)
        {
            Note("content", step.Body, received.Body);
        }

        foreach (var expected in step.Fields.Select(Dated))
        {
            var name = expected.TrimStart('!').Split(": ")[0];
            Note(name, expected.StartsWith('!') ? null : expected[(name.Length + 2)..], received[name]);
        }

        Assert.True(_faults.IsEmpty, $"Step {number}, {step.Send}:\n{string.Join('\n', _faults)}\n\n{received.Raw}");

        void Note(string what, string? expected, string? actual)
        {
            if (expected != actual)
            {
                _faults.Enqueue($"{what} is {actual ?? "absent"}, not {expected ?? "absent"}");
            }
        }
    }

    private string Dated(string line) =>
        Placeholder()
            .Replace(
                line,
                match =>
                    HttpDate.Format(
                        _time
                            .GetUtcNow()
                            .AddSeconds(
                                match.Groups[1].Length == 0
                                    ? 0
                                    : int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)
                            )
                    )
            );

    [GeneratedRegex(@"\{now([+-]\d+)?\}")]
    private static partial Regex Placeholder();
}
