using System.Globalization;
using System.Text;

namespace CachingProxy.Tests.Soak;

/// <summary>Content that tells what it is: every byte of it follows from a path and a version.</summary>
internal static class SoakContent
{
    /// <summary>How many bytes the object of a number has: many small ones, some large.</summary>
    public static int SizeOf(int number) => number % 50 == 0 ? 200_000 : 100 + (number * 7919 % 20_000);

    /// <summary>The content.</summary>
    public static byte[] Of(string path, long version, int size)
    {
        var content = new byte[size];
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{path}|{version}|"));
        head.AsSpan(0, Math.Min(head.Length, size)).CopyTo(content);
        var seed = (byte)((version * 31) + path.Sum(letter => letter));
        for (var i = head.Length; i < size; i++)
        {
            content[i] = (byte)(seed + (i * 13) + (i >> 8));
        }

        return content;
    }
}
