using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;
using CachingProxy.Sqlite;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Stores.Tests;

/// <summary>What is wrong with the file costs misses, and nothing else.</summary>
public sealed class SqliteFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("garbage")]
    [InlineData("SQLite format 3\0")]
    public void AFileThatIsNotOurs_IsRefused_AndLeftAsItIs(string content)
    {
        var text = content + new string('x', 5000);
        File.WriteAllText(_folder.File("cache.db"), text);
        Assert.Contains("left as it is", Assert.Throws<RefusedFileException>(() => Open()).Message);
        Assert.Equal(text, File.ReadAllText(_folder.File("cache.db")));
        Assert.Equal(["cache.db"], Names());
    }

    [Theory]
    [InlineData("CREATE TABLE users(name TEXT)")]
    [InlineData(
        "PRAGMA application_id = 252006674; CREATE TABLE meta(a); CREATE TABLE entries(a); CREATE TABLE chunks(a); CREATE TABLE purges(a)"
    )]
    [InlineData("CREATE TABLE meta(a); CREATE TABLE entries(a); CREATE TABLE chunks(a); CREATE TABLE purges(a); CREATE TABLE users(a)")]
    public void AnotherProgramsDatabase_IsRefused_AndLeftAsItIs(string sql)
    {
        Execute(sql);
        var before = File.ReadAllBytes(_folder.File("cache.db"));
        Assert.Contains("another program's database", Assert.Throws<RefusedFileException>(() => Open()).Message);
        Assert.Equal(before, File.ReadAllBytes(_folder.File("cache.db")));
        Assert.Equal(["cache.db"], Names());
    }

    [Fact]
    public async Task M28_AnUnmarkedFileOfAnEarlierVersion_IsEmptied_AndMarked()
    {
        Execute("CREATE TABLE meta(a); CREATE TABLE entries(a); CREATE TABLE chunks(a); CREATE TABLE purges(a); PRAGMA user_version = 1");
        await using (var store = Open())
        {
            await PutAsync(store, "/a", 10);
            Assert.Single(await store.FindAsync(Some.Key("/a")));
        }

        Assert.Equal(0x63707879L, Scalar("PRAGMA application_id"));
        Assert.DoesNotContain(Names(), name => name.Contains("damaged"));
    }

    [Theory]
    [InlineData("cache.db")]
    [InlineData("cache.db-wal")]
    [InlineData("cache.db.lock")]
    public void K17_ASymbolicLink_IsRefused_AndNotFollowed(string name)
    {
        File.WriteAllText(_folder.File("precious"), "data");
        File.CreateSymbolicLink(_folder.File(name), _folder.File("precious"));
        Assert.Contains("symbolic link", Assert.Throws<RefusedFileException>(() => Open()).Message);
        Assert.Equal("data", File.ReadAllText(_folder.File("precious")));
    }

    [Fact]
    public async Task K17_TheFiles_AreReadableForTheirOwnerAlone()
    {
        await using var store = Open();
        await PutAsync(store, "/a", 10);
        Assert.All(
            Directory.GetFiles(Path.GetDirectoryName(_folder.File("x"))!),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file))
        );
    }

    [Fact]
    public void K17_AFolderThatEverybodyMayWriteTo_IsRefused()
    {
        File.SetUnixFileMode(Path.GetDirectoryName(_folder.File("x"))!, (UnixFileMode)0x1ff);
        Assert.Contains("everybody may write", Assert.Throws<RefusedFileException>(() => Open()).Message);
    }

    [Fact]
    public async Task AFileThatWasCutOff_IsSetAside()
    {
        await using (var store = Open())
        {
            for (var i = 0; i < 50; i++)
            {
                await PutAsync(store, $"/{i}", 60_000);
            }
        }

        using (var file = File.OpenWrite(_folder.File("cache.db")))
        {
            file.SetLength(file.Length / 2);
        }

        await using var after = Open();
        await PutAsync(after, "/a", 10);
        Assert.Single(await after.FindAsync(Some.Key("/a")));
    }

    [Fact]
    public async Task AFileThatIsInUse_IsRefused_UntilItsUserHasEnded()
    {
        await using (var first = Open())
        {
            Assert.Contains("in use", Assert.Throws<FileInUseException>(() => Open()).Message);
        }

        await using var after = Open();
        Assert.True(after.IsAvailable);
    }

    [Theory]
    [InlineData("UPDATE entries SET head = 'text'")]
    [InlineData("UPDATE entries SET body = 5")]
    [InlineData("UPDATE entries SET length = 'many'")]
    [InlineData("UPDATE entries SET length = 9223372036854775807")]
    [InlineData("UPDATE entries SET checksum = x'00'")]
    [InlineData("UPDATE entries SET head = (SELECT head FROM entries WHERE id = 2) WHERE id = 1")]
    [InlineData(
        "UPDATE entries SET body = (SELECT body FROM entries WHERE id = 2), checksum = (SELECT checksum FROM entries WHERE id = 2) WHERE id = 1"
    )]
    [InlineData("UPDATE entries SET body = NULL")]
    public async Task L03_ARowWithWhatDoesNotBelongThere_IsAMiss_AndGoes(string sql)
    {
        await using (var store = Open())
        {
            await PutAsync(store, "/a", 1000);
            await PutAsync(store, "/b", 1000);
        }

        // As a flipped bit in a record's header would leave it: the types of the columns are no protection then.
        Execute(
            "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')') WHERE name = 'entries'; PRAGMA writable_schema = RESET"
        );
        Execute(sql);
        Execute("PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = sql || ' STRICT' WHERE name = 'entries'");
        await using var after = Open();
        Assert.Empty(await after.FindAsync(Some.Key("/a")));
        Assert.Equal(1, after.DamagedRows);
        Assert.DoesNotContain(Names(), name => name.Contains("damaged"));
        await PutAsync(after, "/a", 10);
        Assert.Equal(10, Assert.Single(await after.FindAsync(Some.Key("/a"))).Body.Length);
    }

    [Fact]
    public async Task AFileThatIsDamagedWhileItIsUsed_IsSetAside_AndANewOneTakesItsPlace_WithThePurgesThatCount()
    {
        var sink = new RecordingSink();
        await using var store = Open();
        await store.OpenAsync(sink);
        for (var i = 0; i < 50; i++)
        {
            await PutAsync(store, $"/{i}", 20_000);
        }

        var last = await store.AppendAsync(Purge.Tag("", "a"));
        Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        using (var file = File.OpenWrite(_folder.File("cache.db")))
        {
            file.Position = 8192;
            file.Write(Enumerable.Repeat((byte)0xee, (int)file.Length - 8192).ToArray());
        }

        await Eventually.IsAsync(async () =>
        {
            // Its connections have pages of their own in memory, so that it takes a while until the damage shows.
            for (var i = 0; i < 50; i++)
            {
                await store.FindAsync(Some.Key($"/{i}"));
            }

            return Names().Any(name => name.Contains("damaged")) && store.IsAvailable;
        });
        await PutAsync(store, "/new", 10);
        Assert.Single(await store.FindAsync(Some.Key("/new")));
        var next = await store.AppendAsync(Purge.Tag("", "b"));
        Assert.True(next.IsAfter(last));
    }

    [Fact]
    public async Task ColumnsThatAreNotOurs_AreSetAside_AtTheStart()
    {
        await using (var store = Open())
        {
            await PutAsync(store, "/a", 10);
        }

        Execute("ALTER TABLE entries ADD COLUMN foreign_column TEXT");
        await using var after = Open();
        await PutAsync(after, "/a", 10);
        Assert.Single(await after.FindAsync(Some.Key("/a")));
        Assert.Contains(Names(), name => name.Contains("damaged"));
    }

    [Fact]
    public async Task TheSharedSecret_IsTheSameAfterARestart()
    {
        byte[] secret;
        await using (var store = Open())
        {
            secret = store.SharedSecret!;
        }

        await using var after = Open();
        Assert.Equal(32, secret.Length);
        Assert.Equal(secret, after.SharedSecret);
    }

    [Theory]
    [InlineData("/x');DROP TABLE entries;--")]
    [InlineData("/x?a=\u0000\r\nb")]
    public async Task L02_WhatLooksLikeSql_IsStoredAsItIs(string target)
    {
        await using var store = Open();
        await PutAsync(store, target, 10);
        Assert.Equal(target, Assert.Single(await store.FindAsync(Some.Key(target))).Key.Target);
        Assert.Equal(4L, Scalar("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"));
    }

    [Fact]
    public async Task BytesThatWereChanged_AreNeverServed()
    {
        await using (var store = Open())
        {
            await PutAsync(store, "/small", 1000);
            await PutAsync(store, "/large", 300_000);
        }

        // In the middle of each body; the pages around them are as they were.
        var bytes = File.ReadAllBytes(_folder.File("cache.db"));
        for (var at = 0; at < bytes.Length; at++)
        {
            if (bytes.AsSpan(at).StartsWith("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"u8))
            {
                bytes[at + 20] = (byte)'z';
                at += 900;
            }
        }

        File.WriteAllBytes(_folder.File("cache.db"), bytes);
        await using var after = Open();
        Assert.Empty(await after.FindAsync(Some.Key("/small")));
        var large = Assert.Single(await after.FindAsync(Some.Key("/large")));
        await Assert.ThrowsAsync<OriginException>(() =>
            large.Body.CopyToAsync(System.IO.Pipelines.PipeWriter.Create(Stream.Null), default).AsTask()
        );
    }

    [Fact]
    public async Task MoreThanTheBound_MakesRoom_AmongThoseUsedLongestAgo()
    {
        await using var store = Open(maxBytes: 1 << 20);
        for (var i = 0; i < 40; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await PutAsync(store, $"/{i}", 50_000);
        }

        Assert.InRange(store.HeldBytes, 1, 1 << 20);
        Assert.Empty(await store.FindAsync(Some.Key("/0")));
        Assert.Single(await store.FindAsync(Some.Key("/39")));
    }

    [Fact]
    public async Task WhatWaitsBeyondTheBound_IsDropped_AndCounted_AndLeavesNothing()
    {
        await using var store = Open(maxQueuedBytes: 100_000);
        await PutAsync(store, "/large", 3_000_000);
        Assert.True(store.Dropped > 0);
        Assert.Empty(await store.FindAsync(Some.Key("/large")));
        await PutAsync(store, "/small", 1000);
        Assert.Single(await store.FindAsync(Some.Key("/small")));
    }

    [Fact]
    public async Task ExpiredEntries_GoInTime()
    {
        await using var store = Open();
        await PutAsync(store, "/a", 1000);
        _time.Advance(TimeSpan.FromHours(2));
        await store.SettleAsync();
        Assert.Empty(await store.FindAsync(Some.Key("/a")));
        Assert.Equal(0, store.HeldBytes);
    }

    [Fact]
    public async Task Purges_AreThereAfterARestart_WithTheirNumbers()
    {
        LogPosition last;
        await using (var store = Open())
        {
            await store.AppendAsync(Purge.Tag("", "gone"));
            await store.AppendAsync(Purge.All());
            await store.AppendAsync(Purge.Tag("", "a"));
            await store.AppendAsync(Purge.Tag("", "a"));
            last = await store.AppendAsync(Purge.Prefix("http://origin.test", "/p", isSoft: true));
        }

        var sink = new RecordingSink();
        await using var after = Open();
        await after.OpenAsync(sink);
        Assert.Equal(last, sink.State!.Position);
        Assert.Equal(
            [Purge.All(), Purge.Tag("", "a"), Purge.Prefix("http://origin.test", "/p", isSoft: true)],
            sink.State.Purges.Select(purge => purge.Purge)
        );
        Assert.True((await after.AppendAsync(Purge.All())).IsAfter(last));
    }

    private string[] Names() => [.. Directory.GetFiles(Path.GetDirectoryName(_folder.File("x"))!).Select(file => Path.GetFileName(file))];

    private void Execute(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_folder.File("cache.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private long Scalar(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_folder.File("cache.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private SqliteStore Open(long maxBytes = 1 << 30, long maxQueuedBytes = 64 << 20) =>
        SqliteStore.Open(
            new SqliteStoreOptions
            {
                Path = _folder.File("cache.db"),
                MaxBytes = maxBytes,
                MaxQueuedBytes = maxQueuedBytes,
            },
            _time,
            NullLogger<SqliteStore>.Instance
        );

    private CacheEntry Entry(string target) =>
        Some.Entry("Cache-Control: max-age=3600") with
        {
            Key = Some.Key(target),
            Target = target,
            Position = new(7, 1),
            ReceivedAt = _time.GetUtcNow(),
        };

    private async Task PutAsync(SqliteStore store, string target, int length)
    {
        await using (var writer = store.OpenWriter(Entry(target), length)!)
        {
            writer.Append(System.Text.Encoding.ASCII.GetBytes(new string('k', length)));
            await writer.CompleteAsync();
        }

        await store.SettleAsync();
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose() { }
    }

    private sealed class RecordingSink : IPurgeSink
    {
        public IDisposable Hold(LogPosition since) => new Nothing();

        public JournalState? State { get; private set; }

        public void Load(JournalState state) => State = state;

        public void Apply(Purge purge, LogPosition position) { }
    }
}
