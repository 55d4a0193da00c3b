using Occi.Core;
using Occi.Extension;
using Occi.Infrastructure;

namespace Occi;

/// <summary>All that the standard defines and this product offers, and the product's own extensions. A provider's templates are added with <see cref="Catalogue.With"/>.</summary>
public static class StandardModel
{
    /// <summary>OCCI Core, OCCI Infrastructure, the six standard resource templates, OpenStack's contextualisation, and what the product adds.</summary>
    public static readonly Catalogue Catalogue = new(
        [
            CoreKinds.Entity, CoreKinds.Resource, CoreKinds.Link,
            Compute.Kind, Storage.Kind, Network.Kind, NetworkInterface.Kind, StorageLink.Kind, IpReservation.Kind,
            Host.Kind, SecurityGroup.Kind, SecurityGroupLink.Kind,
        ],
        [
            IpNetwork.Mixin, IpNetworkInterface.Mixin, SshKey.Mixin, UserData.Mixin, OpenStackContext.PublicKey, OpenStackContext.UserData,
            NetworkReach.Nat, NetworkReach.Private, OsTemplate.Mixin, ResourceTemplate.Mixin,
            ResourceTemplate.Small, ResourceTemplate.Medium, ResourceTemplate.Large,
            ResourceTemplate.MemSmall, ResourceTemplate.MemMedium, ResourceTemplate.MemLarge,
            Machine.Mixin,
            Placement.Affinity, Placement.AntiAffinity, HighAvailability.Mixin, Zone.Mixin,
            Pools.Storage, Pools.Compute, StorageContent.From, StorageContent.Snapshot, StorageContent.Backup, StorageContent.Wipe,
            Networking.Ipv6, Networking.Settings, Networking.Bridged, Networking.Floating, Networking.InterfaceIpv6,
        ]);
}
