using System.Buffers;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>Writes a request as one line of the access log, its line feed included. For one thread at a time.</summary>
internal interface IAccessLine
{
    /// <summary>Writes the line of a request, in UTF-8.</summary>
    void Write(IBufferWriter<byte> output, in RequestEvent request);
}
