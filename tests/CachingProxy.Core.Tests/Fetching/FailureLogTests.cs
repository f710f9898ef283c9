using CachingProxy.Core.Fetching;
using CachingProxy.Core.Telemetry;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Tests.Fetching;

public class FailureLogTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly CollectingLogger _logger = new();

    [Fact]
    public void OfManyFailures_TheFirstIsTold_AndTheOthersAsANumber_ForEachOriginByItself()
    {
        var log = new FailureLog(_logger, new SteadyClock(_time));
        for (var i = 0; i < 1000; i++)
        {
            log.Add("http://a.test", new OriginException(OriginError.Unreachable, "The origin could not be reached."));
        }

        log.Add("http://b.test", new OriginException(OriginError.Timeout, "The origin did not answer in time."));
        Assert.Equal(2, _logger.Lines.Count);
        _time.Advance(FailureLog.Interval);
        log.Add("http://a.test", new OriginException(OriginError.Unreachable, "The origin could not be reached."));
        Assert.Contains("(999 more failed before it)", _logger.Lines[^1]);
    }

    private sealed class CollectingLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
