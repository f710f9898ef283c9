using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Telemetry;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Tests.Telemetry;

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
            log.Add(To("http://a.test"), new OriginException(OriginError.Unreachable, "The origin could not be reached."));
        }

        log.Add(To("http://b.test"), new OriginException(OriginError.Timeout, "The origin did not answer in time."));
        Assert.Equal(2, _logger.Lines.Count);
        _time.Advance(FailureLog.Interval);
        log.Add(
            To("http://a.test"),
            new OriginException(OriginError.Unreachable, "The origin could not be reached.", new IOException("no route"))
        );
        Assert.Equal(
            "GET http://a.test/path failed (Unreachable): The origin could not be reached. (no route) Before it 999 more requests to this origin failed.",
            _logger.Lines[^1]
        );
    }

    [Theory]
    [InlineData(OriginError.ClientContent)]
    [InlineData(OriginError.ClientTimeout)]
    [InlineData(OriginError.ForbiddenTarget)]
    [InlineData(OriginError.HeldDown)]
    public void WhatIsNoFailureOfTheOrigin_IsNotCountedAsOne(OriginError error)
    {
        var log = new FailureLog(_logger, new SteadyClock(_time));
        log.Add(To("http://a.test"), new OriginException(error, "No."));
        log.Add(To("http://a.test"), new OriginException(OriginError.Timeout, "The origin did not answer in time."));
        Assert.Equal("GET http://a.test/path failed (Timeout): The origin did not answer in time.", _logger.Lines[^1]);
    }

    [Fact]
    public void WhatAnOriginSent_IsToldWithoutControlCharacters_AndNotWhereItMayBeSecret()
    {
        var log = new FailureLog(_logger, new SteadyClock(_time));
        log.Add(
            To("http://a.test"),
            new OriginException(OriginError.CertificateRefused, "No.", new IOException("\u001b[31m" + new string('x', 1000)))
        );
        Assert.Contains("(?[31mxxx", _logger.Lines[^1]);
        Assert.True(_logger.Lines[^1].Length < 500);
        log.Add(To("http://b.test"), new OriginException(OriginError.InvalidResponse, "No.", new IOException("Set-Cookie sid=secret")));
        Assert.DoesNotContain("secret", _logger.Lines[^1]);
    }

    // The query may be secret.
    private static OriginRequest To(string authority) => new("GET", new CacheKey(authority, "/path?key=secret"), FieldList.Empty);

    private sealed class CollectingLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Add(formatter(state, exception));
    }
}
