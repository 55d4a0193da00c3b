import { Anchor, Card, Checkbox, Code, Group, List, SimpleGrid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import type { Kind } from '../api/occi';
import { create, identifier, LINK, nameOf, stateOf, termOf } from '../api/occi';
import { atLeast } from '../api/session';
import { EntityForm } from '../parts/collection';
import { useMe, useModel } from '../parts/hooks';
import { PagedRows, usePagedEntities } from '../parts/paged';
import { Empty, Loaded, Page, StateBadge } from '../parts/parts';
import { Rows } from '../parts/table';

/** A form for any kind that the model has, and for its mixins. */
function Make({ kind }: { kind: Kind }) {
  const { model } = useModel();
  const go = useNavigate();
  const [mixins, setMixins] = useState<string[]>([]);
  const id = identifier(kind);
  if (model.is(id, LINK)) return <Text size="sm">A link is made on the page of the entity that it begins at.</Text>;
  return (
    <EntityForm key={id} kind={id} mixins={mixins} initial={{}} submit="Create"
      save={(title, attributes, chosen) => create(kind.location!, { kind: id, ...(title ? { title } : {}), ...(chosen.length > 0 ? { mixins: chosen } : {}), attributes })}
      onDone={(path) => void go(`/entity${String(path)}`)}>
      <Checkbox.Group label="Mixins" value={mixins} onChange={setMixins}>
        <Group gap="sm" mt="xs">
          {model.applicable(id).map((m) => (
            <Checkbox key={identifier(m)} value={identifier(m)} label={m.term} title={m.title} />
          ))}
        </Group>
      </Checkbox.Group>
    </EntityForm>
  );
}

function KindPage({ kind }: { kind: Kind }) {
  const { model } = useModel();
  const me = useMe();
  const entities = usePagedEntities(kind.location!);
  const definitions = Object.entries(model.attributesOf(identifier(kind)));
  return (
    <Page title={kind.title ?? kind.term}>
      <Text size="sm">
        <Code>{identifier(kind)}</Code> at <Code>{kind.location}</Code>
        {kind.parent && (
          <>
            , a <b>{termOf(kind.parent)}</b>
          </>
        )}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card withBorder>
          <Text fw={600} mb="xs">
            Its entities
          </Text>
          <PagedRows paged={entities} id={(e) => e.id} minWidth={320} empty="There is none yet" hint={atLeast(me, 'member') && 'The form makes one.'}
            columns={[
              ['Title', (e) => <Anchor component={Link} to={`/entity${model.pathOf(e)}`} underline="always">{nameOf(e)}</Anchor>],
              ['State', (e) => stateOf(e) && <StateBadge state={stateOf(e)} />],
            ]} />
        </Card>
        {atLeast(me, 'member') && (
          <Card withBorder>
            <Text fw={600} mb="xs">
              A new one
            </Text>
            <Make kind={kind} />
          </Card>
        )}
      </SimpleGrid>
      <Card withBorder>
        <Text fw={600} mb="xs">
          Attributes
        </Text>
        <Rows rows={definitions} id={([name]) => name} minWidth={560}
          columns={[
            ['Name', ([name]) => <Code>{name}</Code>],
            ['Type', ([, d]) => (d.pattern?.enum ? d.pattern.enum.map(String).join(', ') : (d.type ?? 'string'))],
            ['Set by', ([, d]) => (d.mutable || d.required ? `client${d.required ? ', always' : ''}` : 'server')],
            ['Meaning', ([, d]) => d.description],
          ]} />
        <Text fw={600} mt="md" mb="xs">
          Actions
        </Text>
        <List size="sm">
          {(kind.actions ?? []).map((a) => (
            <List.Item key={a}>
              <Code>{a}</Code> {model.titleOf(a)}
            </List.Item>
          ))}
        </List>
      </Card>
    </Page>
  );
}

export default function ModelPage() {
  const { term } = useParams();
  const query = useModel();
  return (
    <Loaded query={query}>
      {(model) => {
        if (term) {
          const kind = model.kinds.find((k) => k.term === term && k.location);
          return kind ? <KindPage key={term} kind={kind} /> : <Empty title={`There is no kind ${term}`} />;
        }
        return (
          <Page title="Model">
            <Text size="sm">All that this cloud knows, extensions included, as its query interface says it. Each kind has a form.</Text>
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <Card withBorder>
                <Text fw={600} mb="xs">
                  Kinds
                </Text>
                <Stack gap={4}>
                  {model.concrete.map((k) => (
                    <Group key={identifier(k)} gap="xs">
                      <Anchor component={Link} to={`/model/${k.term}`} underline="always">
                        {k.term}
                      </Anchor>
                      <Text size="sm">{k.title}</Text>
                    </Group>
                  ))}
                </Stack>
              </Card>
              <Card withBorder>
                <Text fw={600} mb="xs">
                  Mixins
                </Text>
                <Stack gap={4}>
                  {model.mixins.map((m) => (
                    <Text size="sm" key={identifier(m)} title={identifier(m)}>
                      <b>{m.term}</b> {m.title}
                      {(m.applies ?? []).length > 0 && ` – of ${m.applies!.map(termOf).join(', ')}`}
                      {(m.depends ?? []).length > 0 && ` – a ${m.depends!.map(termOf).join(', ')}`}
                    </Text>
                  ))}
                </Stack>
              </Card>
            </SimpleGrid>
          </Page>
        );
      }}
    </Loaded>
  );
}
