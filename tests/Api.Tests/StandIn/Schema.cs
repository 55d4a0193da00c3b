namespace Controller.Api.Tests.StandIn;

/// <summary>The tables that the API reads, and the one query of the clustering provider that a client needs.</summary>
internal static class Schema
{
    public static string Sql(int gatewayPort) => $"""
        create table entity(
            state_name text not null, id text not null, version int not null default 1, seq bigint generated always as identity,
            entity_id uuid, project uuid, source uuid, target uuid, state text, host uuid, title text, mixins text[] not null default array[]::text[], payload bytea,
            primary key (id, state_name));
        create table gateway(silo text primary key, endpoint text not null, seen timestamptz not null);
        insert into gateway values ('a', '127.0.0.1:9443', now()), ('dead', '127.0.0.1:9444', now() - interval '2 minutes');
        create table orleansquery(querykey varchar(64) primary key, querytext varchar(8000) not null);
        insert into orleansquery values ('GatewaysQueryKey',
            'select ''127.0.0.1''::text as Address, {gatewayPort} as ProxyPort, 0 as Generation from (values (@DeploymentId, @Status)) v');
        insert into orleansquery select k, 'select 1' from unnest(array['MembershipReadRowKey','MembershipReadAllKey','InsertMembershipVersionKey',
            'UpdateIAmAlivetimeKey','InsertMembershipKey','UpdateMembershipKey','DeleteMembershipTableEntriesKey','CleanupDefunctSiloEntriesKey']) k;
        """;
}
