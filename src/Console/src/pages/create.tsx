import { Alert, Button, Card, Checkbox, Group, NumberInput, Radio, SimpleGrid, Stack, Stepper, Tabs, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import type { Attributes, Mixin, NewEntity } from '../api/occi';
import { COMPUTE, create, identifier, nameOf, NETWORK, NIC, OS_TPL, RESOURCE_TPL, SECURITYGROUP, SECURITYGROUPLINK, SSH_KEY, text, USER_DATA, uuidOf } from '../api/occi';
import { asCli, asCurl } from '../parts/commands';
import { useDo, useEntities, useModel } from '../parts/hooks';
import { Copied, Empty, ErrorNote, GoButton, Loaded, Page } from '../parts/parts';

/** What a mixin gives an attribute where nothing else is said. */
const given = (mixin: Mixin, name: string) => {
  const value = mixin.attributes?.[name]?.default;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

/** Image, size, networks, keys: a machine in four clicks, and how to make the same without this page. */
export default function NewMachine() {
  const query = useModel();
  const { model } = query;
  const go = useNavigate();
  const networks = useEntities('/network/');
  const groups = useEntities('/securitygroup/');
  const [params] = useSearchParams();
  const [step, setStep] = useState(params.has('image') ? 1 : 0);
  const [title, setTitle] = useState('');
  const [image, setImage] = useState(params.get('image') ?? '');
  const [size, setSize] = useState('');
  const [cores, setCores] = useState<number>(1);
  const [memory, setMemory] = useState<number>(0.5);
  const [nets, setNets] = useState<string[] | null>(null);
  const [guards, setGuards] = useState<string[]>([]);
  const [key, setKey] = useState('');
  const [userData, setUserData] = useState('');
  const images = model.dependants(OS_TPL);
  const sizes = model.dependants(RESOURCE_TPL);
  const able = (networks.data ?? []).filter((n) => n.kind === NETWORK);
  // Whoever says nothing of networks most likely wants the first one.
  const wanted = nets ?? able.slice(0, 1).map((n) => n.id);

  const attributes: Attributes = {};
  if (size === 'own') {
    attributes['occi.compute.cores'] = cores;
    attributes['occi.compute.memory'] = memory;
  }
  if (key.trim()) attributes['occi.credentials.ssh.publickey'] = key.trim();
  if (userData) attributes['occi.compute.userdata'] = userData;
  const entity: NewEntity = {
    kind: COMPUTE,
    ...(title ? { title } : {}),
    mixins: [...(image ? [image] : []), ...(size && size !== 'own' ? [size] : []), ...(key.trim() ? [SSH_KEY] : []), ...(userData ? [USER_DATA] : [])],
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    links: [
      ...wanted.map((id) => ({ kind: NIC, target: { location: `/network/${uuidOf(id)}`, kind: NETWORK } })),
      ...guards.map((id) => ({ kind: SECURITYGROUPLINK, target: { location: `/securitygroup/${uuidOf(id)}`, kind: SECURITYGROUP } })),
    ],
  };
  const make = useDo('The machine is being made', async () => {
    const at = await create('/compute/', entity);
    await go(`/machines/${uuidOf(at)}`);
  });
  const next = (
    <Group justify="flex-end" mt="md">
      {step > 0 && (
        <Button variant="default" onClick={() => setStep(step - 1)}>
          Back
        </Button>
      )}
      {step < 3 ? (
        <Button onClick={() => setStep(step + 1)}>
          Next
        </Button>
      ) : (
        <Button onClick={() => make.mutate()} loading={make.isPending}>
          Create machine
        </Button>
      )}
    </Group>
  );
  return (
    <Page title="New machine">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Stack>
          <Stepper active={step} onStepClick={setStep} size="sm" iconSize={28} styles={{ steps: { flexWrap: 'wrap', gap: 8 } }}>
            <Stepper.Step label="Image">
              <Loaded query={query}>
                {() =>
                  images.length === 0 ? (
                    <Empty title="There are no images yet" action={<GoButton to="/images" label="Bring an image" />}>
                      An administrator uploads one, or has one fetched.
                    </Empty>
                  ) : (
                    <Radio.Group value={image} onChange={(v) => { setImage(v); setStep(1); }} label="What it begins as">
                      <Stack gap="xs" mt="xs">
                        {images.map((m) => {
                          const state = given(m, 'local.controller.image.state') || 'ready';
                          return (
                            <Radio.Card key={identifier(m)} value={identifier(m)} p="sm" disabled={state !== 'ready'}>
                              <Text fw={600}>{m.title ?? m.term}</Text>
                              <Text size="xs">{m.term}{state !== 'ready' ? ` – ${state}` : ''}</Text>
                            </Radio.Card>
                          );
                        })}
                      </Stack>
                    </Radio.Group>
                  )
                }
              </Loaded>
            </Stepper.Step>
            <Stepper.Step label="Size">
              <Radio.Group value={size} onChange={(v) => { setSize(v); if (v !== 'own') setStep(2); }} label="How large it is">
                <SimpleGrid cols={2} mt="xs" spacing="xs">
                  {sizes.map((m) => (
                    <Radio.Card key={identifier(m)} value={identifier(m)} p="sm">
                      <Text fw={600}>{m.term}</Text>
                      <Text size="xs">
                        {given(m, 'occi.compute.cores')} cores, {given(m, 'occi.compute.memory')} GiB
                      </Text>
                    </Radio.Card>
                  ))}
                  <Radio.Card value="own" p="sm">
                    <Text fw={600}>as I say</Text>
                    <Text size="xs">
                      {cores} cores, {memory} GiB
                    </Text>
                  </Radio.Card>
                </SimpleGrid>
              </Radio.Group>
              {size === 'own' && (
                <Group mt="sm" grow>
                  <NumberInput label="Cores" min={1} allowDecimal={false} value={cores} onChange={(v) => setCores(Number(v))} />
                  <NumberInput label="Memory in GiB" min={0.125} step={0.5} value={memory} onChange={(v) => setMemory(Number(v))} />
                </Group>
              )}
            </Stepper.Step>
            <Stepper.Step label="Networks">
              <Loaded query={networks}>
                {() => (
                  <Stack>
                    {able.length === 0 && <Alert variant="default" color="orange" title="There are no networks">The machine can be made without one. Nobody can reach it then but by its console.</Alert>}
                    <Checkbox.Group label="Networks" description="A network interface each" value={wanted} onChange={setNets}>
                      <Stack gap="xs" mt="xs">
                        {able.map((n) => (
                          <Checkbox key={n.id} value={n.id} label={`${nameOf(n)} ${text(n, 'occi.network.address')}`} />
                        ))}
                      </Stack>
                    </Checkbox.Group>
                    {(groups.data ?? []).length > 0 && (
                      <Checkbox.Group label="Security groups" description="None: everything is let in" value={guards} onChange={setGuards}>
                        <Stack gap="xs" mt="xs">
                          {groups.data!.map((g) => (
                            <Checkbox key={g.id} value={g.id} label={nameOf(g)} />
                          ))}
                        </Stack>
                      </Checkbox.Group>
                    )}
                  </Stack>
                )}
              </Loaded>
            </Stepper.Step>
            <Stepper.Step label="Keys">
              <Stack gap="sm">
                <TextInput label="Title" value={title} onChange={(e) => setTitle(e.currentTarget.value)} placeholder="web-1" />
                <Textarea label="SSH public key" value={key} onChange={(e) => setKey(e.currentTarget.value)} autosize minRows={2} placeholder="ssh-ed25519 AAAA… me@laptop" />
                <Textarea label="User data" description="For cloud-init; plain or in base64" value={userData} onChange={(e) => setUserData(e.currentTarget.value)} autosize minRows={3} maxRows={14} placeholder="#cloud-config" />
              </Stack>
            </Stepper.Step>
          </Stepper>
          {next}
          {make.error && <ErrorNote error={make.error} what="The machine was not made" />}
        </Stack>
        <Card withBorder>
          <Text fw={600} mb="xs">
            The same without this page
          </Text>
          <Tabs defaultValue="cli">
            <Tabs.List>
              <Tabs.Tab value="cli">Command line</Tabs.Tab>
              <Tabs.Tab value="curl">curl</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="cli" pt="sm">
              <Copied label="With the command line" text={asCli(entity)} />
            </Tabs.Panel>
            <Tabs.Panel value="curl" pt="sm">
              <Copied label="With curl" text={asCurl('/compute/', entity, window.location.origin)} />
            </Tabs.Panel>
          </Tabs>
        </Card>
      </SimpleGrid>
    </Page>
  );
}
