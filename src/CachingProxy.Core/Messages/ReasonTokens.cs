using System.Text;

namespace CachingProxy.Core.Messages;

/// <summary>
/// Turns reasons into tokens: those of RFC 9211 for <c>fwd</c>, and our own, in lower case with hyphens, for <c>detail</c>.
/// </summary>
internal static class ReasonTokens
{
    private static readonly string[] ForwardDetails = Tokens<ForwardReason>();
    private static readonly string[] HitDetails = Tokens<HitReason>();
    private static readonly string[] NotStoredDetails = Tokens<NotStoredReason>();

    /// <summary>Returns the token of RFC 9211 §2.2.</summary>
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

    /// <summary>Returns our own name for the reason, where the token of RFC 9211 is less precise; null otherwise.</summary>
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

    /// <summary>Returns our own name for the reason why a response was not stored.</summary>
    public static string ToToken(this NotStoredReason reason) => NotStoredDetails[(int)reason];

    /// <summary>Returns our own name for the reason why a stored response was served; null for <see cref="HitReason.Fresh"/>.</summary>
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
