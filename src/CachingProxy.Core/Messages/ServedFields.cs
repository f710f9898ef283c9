using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>Chooses the fields of a response that are passed on to clients.</summary>
internal static class ServedFields
{
    /// <summary>Returns the end-to-end fields, with this proxy added to <c>Via</c> (RFC 9110 §7.6.1, §7.6.3).</summary>
    public static FieldList EndToEnd(OriginResponse response, CachePolicy policy, string via)
    {
        var nominated = HopByHopFields.Nominated(response.Fields["Connection"]);
        var fields = response.Fields.Without(name =>
            ((HopByHopFields.Contains(name) || nominated.Contains(name)) && !SaysWhatToUpgradeTo(response, name))
            || (!policy.SendTags && ResponseTags.IsHidden(name))
            || (policy.StripCookies && name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase))
        );
        var before = fields["Via"];
        var ours = $"{response.Version} {via}";
        return fields.With("Via", before.Count == 0 ? ours : $"{before}, {ours}");
    }

    // RFC 9110 §15.5.22: the Upgrade field of a 426 names the required protocols, so it is passed on.
    private static bool SaysWhatToUpgradeTo(OriginResponse response, string name) =>
        response.Status == 426 && name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase);
}
