using System.IO.Pipelines;
using System.Text;
using CachingProxy.Core.Messages;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>
/// Sends interim responses (1xx) to a client of HTTP/1.1, before its response begins. Kestrel has no call for them, so this class writes
/// them straight to the connection. <see cref="CloseAsync"/> must be called before any part of the response is written. Safe for any number
/// of threads.
/// </summary>
internal sealed class InterimWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Exchange _exchange;
    private readonly PipeWriter _connection;
    private Task _flushed = Task.CompletedTask;
    private bool _isClosed;

    private InterimWriter(Exchange exchange, PipeWriter connection)
    {
        _exchange = exchange;
        _connection = connection;
    }

    /// <summary>Returns the writer for a client; null where the client cannot have interim responses.</summary>
    public static InterimWriter? For(Exchange exchange) =>
        exchange.InterimWriter is { } connection ? new InterimWriter(exchange, connection) : null;

    /// <summary>Sends an interim response. Skips it where the client does not read, because it is dispensable.</summary>
    public void Write(InterimResponse response)
    {
        lock (_lock)
        {
            if (_isClosed || !_flushed.IsCompletedSuccessfully)
            {
                return;
            }

            var head = new StringBuilder()
                .Append("HTTP/1.1 ")
                .Append(response.Status)
                .Append(response.Status == 103 ? " Early Hints\r\n" : " \r\n");
            foreach (var (name, lines) in response.Fields)
            {
                foreach (var line in lines)
                {
                    head.Append(name).Append(": ").Append(line).Append("\r\n");
                }
            }

            _flushed = WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
        }
    }

    /// <summary>
    /// Ends the interim responses, because the response begins. Waits up to 5 seconds for the client to take the interim responses already
    /// sent. Then cuts off a client that has not taken them.
    /// </summary>
    public async Task CloseAsync()
    {
        Task flushed;
        lock (_lock)
        {
            _isClosed = true;
            flushed = _flushed;
        }

        try
        {
            await flushed.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            _exchange.Abort();
        }
    }

    // Failures are ignored: the code that writes the response notices a client that has gone.
    private async Task WriteAsync(byte[] bytes)
    {
        try
        {
            await _connection.WriteAsync(bytes);
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or OperationCanceledException) { }
    }
}
