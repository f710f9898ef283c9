using CachingProxy.Core.Origins;
using CachingProxy.Core.Stores.Memory;

namespace CachingProxy.Core.Tests;

/// <summary>Options of the libraries refuse what they cannot be, where they are set.</summary>
public class OptionTests
{
    public static TheoryData<Action> Refused =>
        new()
        {
            () => _ = new CacheEngineOptions { Pseudonym = " " },
            () => _ = new CacheEngineOptions { Pseudonym = "a", MaxGrowingBytes = -1 },
            () => _ = new CacheEngineOptions { Pseudonym = "a", MaxWaitersPerFill = 0 },
            () => _ = new MemoryStoreOptions { MaxBytes = -1 },
            () => _ = new OriginLimits { MaxExchanges = 0 },
            () => _ = new OriginLimits { MaxQueued = -1 },
            () => _ = new OriginLimits { MaxFailures = 0 },
            () => _ = new OriginLimits { MaxHold = TimeSpan.FromSeconds(-1) },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void AValueThatIsNotPermitted_IsRefused(Action set) => Assert.ThrowsAny<ArgumentException>(set);
}
