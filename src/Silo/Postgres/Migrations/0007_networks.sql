-- Which VXLAN joins the hosts of a network. Numbers are given in turn, so that one comes back as late as can be.
CREATE SEQUENCE vni_sequence AS integer MINVALUE 4096 MAXVALUE 16777215 CYCLE;

CREATE TABLE vni_claim (
    network uuid PRIMARY KEY,
    vni integer NOT NULL UNIQUE DEFAULT nextval('vni_sequence')
);

CREATE TABLE subnet6_claim (
    network uuid PRIMARY KEY,
    range cidr NOT NULL,
    EXCLUDE USING gist (range inet_ops WITH &&)
);
