using System.Net;
using CachingProxy.Http.Targets;

namespace CachingProxy.Http.Tests.Targets;

public class AddressRangesTests
{
    [Theory]
    [InlineData(
        "0.0.0.0 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 169.254.170.2 169.254.170.23"
    )]
    [InlineData(
        "100.100.100.200 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.175.48.1"
    )]
    [InlineData("198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255")]
    [InlineData("::1 :: ::ffff:0.0.0.0 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1")]
    [InlineData(
        "2002:7f00:1:: 2001:0:0:0:0:0:80ff:fffe 2606:4700::5efe:7f00:1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fec0::1 ff02::1 100::1"
    )]
    [InlineData("2001:db8::1 2001:2::1 2001:20::1 3fff::1 5f00::1 2620:4f:8000::1 4000::1")]
    public void J02_J05_J06_J07_J09_J10_J11_SpecialAddresses_AreNotPublic(string addresses) =>
        Assert.All(addresses.Split(' '), address => Assert.False(AddressRanges.IsPublic(IPAddress.Parse(address)), address));

    [Theory]
    [InlineData(
        "9.255.255.255 11.0.0.0 172.15.255.255 172.32.0.0 100.63.255.255 100.128.0.0 198.17.255.255 198.20.0.0 223.255.255.255 1.1.1.1"
    )]
    [InlineData("8.8.8.8 2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450:4001:81b::200e ::ffff:1.1.1.1")]
    public void J06_TheirNeighbours_ArePublic(string addresses) =>
        Assert.All(addresses.Split(' '), address => Assert.True(AddressRanges.IsPublic(IPAddress.Parse(address)), address));

    [Theory]
    [InlineData("127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 ::1 fd12::1 ::ffff:10.0.0.1", true)]
    [InlineData("169.254.169.254 100.64.0.1 fd00:ec2::254 fd20:ce::254 fe80::1 0.0.0.0 1.1.1.1", false)]
    public void PrivateAddresses_AreThoseOfLoopbackAndPrivateUse_WithoutMetadataServices(string addresses, bool isPrivate) =>
        Assert.All(addresses.Split(' '), address => Assert.Equal(isPrivate, AddressRanges.IsPrivate(IPAddress.Parse(address))));
}
