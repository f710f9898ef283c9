using System.Buffers;
using System.IO.Pipelines;

namespace CachingProxy.Core.Messages;

/// <summary>Reads content into memory.</summary>
internal static class InMemory
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>All of some content, in pieces that stay out of the large object heap.</summary>
    /// <exception cref="OriginException">It broke off.</exception>
    public static async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(ResponseBody body)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 * ChunkBytes, resumeWriterThreshold: 2 * ChunkBytes, useSynchronizationContext: false));
        var copying = CopyAsync();
        while (true)
        {
            var read = await pipe.Reader.ReadAtLeastAsync(ChunkBytes);
            for (var rest = read.Buffer; !rest.IsEmpty; rest = rest.Slice(Math.Min(ChunkBytes, rest.Length)))
            {
                pieces.Add(rest.Slice(0, Math.Min(ChunkBytes, rest.Length)).ToArray());
            }

            pipe.Reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                await copying;
                return pieces;
            }
        }

        async Task CopyAsync()
        {
            try
            {
                await body.CopyToAsync(pipe.Writer, CancellationToken.None);
            }
            finally
            {
                await pipe.Writer.CompleteAsync();
            }
        }
    }
}
