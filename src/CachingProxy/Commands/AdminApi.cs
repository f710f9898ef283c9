using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary>A client of the API of the instance that runs where the settings say.</summary>
internal sealed class AdminApi : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient _client;
    private readonly Uri _address;
    private readonly ProxySettings _settings;

    public AdminApi(ProxySettings settings)
    {
        _settings = settings;
        var host = settings.AdminPort is null ? settings.Host : settings.AdminHost;
        var loopback = host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : host;
        _address = new UriBuilder("http", loopback.ToString(), settings.AdminPort ?? settings.Port).Uri;
        // A server that redirects is not the instance that was meant.
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The address of the instance, for messages.</summary>
    public string Authority => _address.GetLeftPart(UriPartial.Authority);

    /// <summary>Asks the instance, and shows its answer on standard output. Returns the exit code.</summary>
    /// <param name="path">The path.</param>
    /// <param name="parameters">The query parameters.</param>
    /// <param name="isJson">Whether to show the answer as it is.</param>
    /// <param name="showAsync">Shows the answer to people.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<int> ShowAsync(
        string path,
        IEnumerable<KeyValuePair<string, string>> parameters,
        bool isJson,
        Func<JsonElement, Task> showAsync,
        CancellationToken cancellation
    )
    {
        using var answer = await AskAsync(HttpMethod.Get, path, parameters, cancellation);
        if (answer is null)
        {
            return CommandLine.Failed;
        }

        await (isJson ? JsonOption.WriteAsync(answer) : showAsync(answer.RootElement));
        return CommandLine.Ok;
    }

    /// <summary>Asks the instance. Returns the answer, or null after having said on standard error why there is none.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path.</param>
    /// <param name="parameters">The query parameters.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<JsonDocument?> AskAsync(
        HttpMethod method,
        string path,
        IEnumerable<KeyValuePair<string, string>> parameters,
        CancellationToken cancellation
    )
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(Timeout);
            using var response = await SendAsync(method, path, parameters, limit.Token);
            var answer = await AnswerOfAsync(response, limit.Token);
            if (answer is not null && response.IsSuccessStatusCode)
            {
                return answer;
            }

            await Console.Error.WriteLineAsync($"caching-proxy: {Refusal(response, answer)}");
            answer?.Dispose();
        }
        catch (Exception failure)
            when (failure is HttpRequestException or JsonException
                || (failure is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            await SayNobodyAnswersAsync();
        }

        return null;
    }

    /// <summary>Opens the stream of events; null after having said on standard error why there is none.</summary>
    public async Task<Stream?> WatchAsync(IEnumerable<KeyValuePair<string, string>> parameters, CancellationToken cancellation)
    {
        try
        {
            var response = await SendAsync(HttpMethod.Get, "/cache/events", parameters, cancellation);
            if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            {
                return await response.Content.ReadAsStreamAsync(cancellation);
            }

            using var answer = await AnswerOfAsync(response, cancellation);
            await Console.Error.WriteLineAsync($"caching-proxy: {Refusal(response, answer)}");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            await SayNobodyAnswersAsync();
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    // Returns null if another server answers.
    private static async Task<JsonDocument?> AnswerOfAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        response.Headers.Server.ToString() == ProductName.Name
            ? JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation))
            : null;

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        IEnumerable<KeyValuePair<string, string>> parameters,
        CancellationToken cancellation
    )
    {
        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Key}={Uri.EscapeDataString(parameter.Value)}"));
        using var request = new HttpRequestMessage(method, new UriBuilder(_address) { Path = path, Query = query }.Uri);
        if (_settings.AllowedHosts.FirstOrDefault(name => name != "*") is { } allowed)
        {
            request.Headers.Host = allowed;
        }

        if (_settings.AdminToken is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private Task SayNobodyAnswersAsync() =>
        Console.Error.WriteLineAsync($"caching-proxy: no instance answers on {Authority}; is it running, and is --port right?");

    private string Refusal(HttpResponseMessage response, JsonDocument? answer)
    {
        var status = (int)response.StatusCode;
        if (answer is null)
        {
            return $"what answers on {Authority} is no caching-proxy (its answer is {status}); nothing is done here. "
                + "Is --port right, or does it have an --admin-port?";
        }

        var message = answer.RootElement.GetProperty("error").GetProperty("message").GetString();
        return $"the instance on {Authority} answers {status}: {message}{(status == 401 ? " Give its token as --admin-token." : "")}";
    }
}
