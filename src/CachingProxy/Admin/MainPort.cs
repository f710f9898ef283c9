using CachingProxy.AspNetCore;
using CachingProxy.Serving;

namespace CachingProxy.Admin;

/// <summary>
/// The port that clients ask on: a URL as a browser shows it names this one, also where the question comes in by <c>--admin-port</c>.
/// </summary>
internal sealed class MainPort
{
    /// <summary>The port that the main listener has; set when it listens.</summary>
    public int Number { get; set; }

    /// <summary>Returns the port that clients ask on, for an exchange on whichever listener.</summary>
    public int Of(Exchange exchange) => exchange.Feature<AdminListener>() is null ? exchange.LocalPort : Number;
}
