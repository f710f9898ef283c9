// Bare Kestrel: the constant bytes of /1k, /100k and /1m, no cache, no origin, no routing.
// What a proxy written on Kestrel could reach at most.
// usage: dotnet bare-kestrel.dll PORT
using System.Globalization;

var port = int.Parse(args[0], CultureInfo.InvariantCulture);
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(options =>
{
    options.Listen(System.Net.IPAddress.Loopback, port);
    options.AddServerHeader = false;
});

// BARE_INLINE=1: handle a request on the very thread that waits for sockets.
if (Environment.GetEnvironmentVariable("BARE_INLINE") == "1")
    builder.WebHost.UseSockets(options => options.UnsafePreferInlineScheduling = true);

var bodies = new Dictionary<string, byte[]>
{
    ["/1k"] = Body(1 << 10),
    ["/100k"] = Body(100 << 10),
    ["/1m"] = Body(1 << 20),
};

var app = builder.Build();
app.Run(context =>
{
    var response = context.Response;
    if (!bodies.TryGetValue(context.Request.Path.Value!, out var body))
    {
        response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    response.ContentType = "application/octet-stream";
    response.ContentLength = body.Length;
    return response.Body.WriteAsync(body, 0, body.Length);
});
app.Run();

static byte[] Body(int length)
{
    var body = new byte[length];
    Array.Fill(body, (byte)'x');
    return body;
}
