using System.Text;

namespace CachingProxy.Core.Messages;

/// <summary>The reasons as tokens: RFC 9211's own for <c>fwd</c>, ours in lower case with hyphens for <c>detail</c>.</summary>
internal static class ReasonTokens
{
    private static readonly string[] ForwardDetails = Tokens<ForwardReason>();
    private static readonly string[] HitDetails = Tokens<HitReason>();
    private static readonly string[] NotStoredDetails = Tokens<NotStoredReason>();

    /// <summary>The token of RFC 9211 §2.2.</summary>
    public static string ToToken(this ForwardReason reason) =>
        reason switch
        {
            ForwardReason.UriMiss => "uri-miss",
            ForwardReason.VaryMiss => "vary-miss",
            ForwardReason.Purged => "miss",
            ForwardReason.Stale or ForwardReason.MustValidate => "stale",
            ForwardReason.Partial => "partial",
            ForwardReason.ClientDirective => "request",
            ForwardReason.Method => "method",
            _ => "bypass",
        };

    /// <summary>Our own name, where RFC 9211's token does not say it all; null where it does.</summary>
    public static string? ToDetail(this ForwardReason reason) =>
        reason switch
        {
            ForwardReason.UriMiss
            or ForwardReason.VaryMiss
            or ForwardReason.Stale
            or ForwardReason.Partial
            or ForwardReason.ClientDirective
            or ForwardReason.Method => null,
            _ => ForwardDetails[(int)reason],
        };

    /// <summary>Our own name for why a response was not stored.</summary>
    public static string ToToken(this NotStoredReason reason) => NotStoredDetails[(int)reason];

    /// <summary>Our own name for why a stale response was served; null for a fresh one.</summary>
    public static string? ToDetail(this HitReason reason) => reason == HitReason.Fresh ? null : HitDetails[(int)reason];

    private static string[] Tokens<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(Kebab)];

    private static string Kebab(string name)
    {
        var token = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && token.Length > 0)
            {
                token.Append('-');
            }

            token.Append(char.ToLowerInvariant(letter));
        }

        return token.ToString();
    }
}
