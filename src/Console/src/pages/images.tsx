import { Button, Card, FileInput, Group, Progress, Select, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { call, identity } from '../api/client';
import type { Mixin } from '../api/occi';
import { identifier, OS_TPL } from '../api/occi';
import { atLeast } from '../api/session';
import { Form } from '../parts/form';
import { bytes } from '../parts/format';
import { useAdmin, useDo, useMe, useModel } from '../parts/hooks';
import { Confirm, Empty, ErrorNote, GoButton, Loaded, Page, StateBadge } from '../parts/parts';
import { Listed, Rows, When } from '../parts/table';

interface Image {
  term: string;
  title: string;
  format: string;
  sizeBytes: number;
  virtualSizeBytes: number;
  created: string;
  project: string | null;
  state: string;
  message: string | null;
}

/** With XMLHttpRequest, which alone tells how much of a body has gone out. */
function upload(path: string, file: File, told: (part: number) => void, stop: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('PUT', path);
    for (const [name, value] of Object.entries({ Accept: 'application/json', ...identity(), 'Content-Type': 'application/octet-stream' })) request.setRequestHeader(name, value);
    request.upload.onprogress = (e) => told(e.total > 0 ? e.loaded / e.total : 0);
    request.onload = () => {
      if (request.status < 300) return done();
      let message = request.responseText;
      try {
        message = (JSON.parse(request.responseText) as { message: string }).message;
      } catch {
        // It is text then.
      }
      failed(new Error(message || `HTTP ${request.status}`));
    };
    request.onerror = () => failed(new Error('The connection was lost. Upload it again: what came half way is thrown away.'));
    request.onabort = () => failed(new Error('Cancelled.'));
    stop.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

function Upload() {
  const queries = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [term, setTerm] = useState('');
  const [title, setTitle] = useState('');
  const [format, setFormat] = useState('qcow2');
  const [part, setPart] = useState<number | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const stop = useRef<AbortController>(null);
  const begin = async () => {
    if (!file) return;
    stop.current = new AbortController();
    setError(null);
    setPart(0);
    try {
      await upload(`/admin/images/${encodeURIComponent(term)}?title=${encodeURIComponent(title || term)}&format=${format}`, file, setPart, stop.current.signal);
      setFile(null);
      await queries.invalidateQueries();
    } catch (failure) {
      setError(failure as Error);
    } finally {
      setPart(null);
    }
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        void begin();
      }}
    >
      <Stack maw={520}>
        <FileInput label="File" placeholder="qcow2 or raw" value={file} required
          onChange={(f) => {
            setFile(f);
            if (f && !term) setTerm(f.name.toLowerCase().replace(/\.[^.]*$/, '').replace(/[^a-z0-9_-]+/g, '-').replace(/^[^a-z]+/, ''));
            if (f) setFormat(/\.(raw|img)$/.test(f.name) ? 'raw' : 'qcow2');
          }} />
        <TextInput label="Term" description="Lower-case letters, digits, - and _: what machines name it by" value={term} onChange={(e) => setTerm(e.currentTarget.value)} required />
        <TextInput label="Title" value={title} onChange={(e) => setTitle(e.currentTarget.value)} />
        <Select label="Format" data={['qcow2', 'raw']} value={format} onChange={(v) => setFormat(v ?? 'qcow2')} allowDeselect={false} />
        {part !== null && (
          <div role="status">
            <Progress value={part * 100} aria-label="Uploaded" />
            <Text size="sm">
              {bytes(part * (file?.size ?? 0))} of {bytes(file?.size)} {part === 1 && '– being checked and stored'}
            </Text>
          </div>
        )}
        {error && <ErrorNote error={error} what="Not stored" />}
        <Group>
          <Button type="submit" disabled={!file || part !== null}>
            Upload
          </Button>
          {part !== null && (
            <Button variant="default" onClick={() => stop.current?.abort()}>
              Cancel
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}

function Import() {
  const [term, setTerm] = useState('');
  const [url, setUrl] = useState('');
  const [sha256, setSha256] = useState('');
  const fetchIt = useDo('The image is being fetched', () => call('POST', `/admin/images/${encodeURIComponent(term)}/import`, { body: { url, ...(sha256 ? { sha256 } : {}) } }));
  return (
    <Stack maw={520}>
      <Form work={fetchIt} submit="Fetch" what="Not fetched">
        <TextInput label="Term" description="Lower-case letters, digits, - and _: what machines name it by" value={term} onChange={(e) => setTerm(e.currentTarget.value)} required />
        <TextInput label="URL" type="url" placeholder="https://images.example.org/debian-12.qcow2" value={url} onChange={(e) => setUrl(e.currentTarget.value)} required />
        <TextInput label="SHA-256" description="Refused where it is another" value={sha256} onChange={(e) => setSha256(e.currentTarget.value)} />
      </Form>
    </Stack>
  );
}

export default function Images() {
  const me = useMe();
  const query = useModel();
  const operators = atLeast(me, 'operator');
  const images = useAdmin<Image[]>('/admin/images', { every: 5_000, enabled: operators });
  const discard = useDo('No longer offered', (term: string) => call('DELETE', `/admin/images/${encodeURIComponent(term)}`));
  return (
    <Page title="Images">
      {operators ? (
        <Listed query={images} empty="There are no images yet" hint={atLeast(me, 'admin') ? 'Upload one below, or have one fetched.' : 'An administrator uploads one, or has one fetched.'} id={(i) => i.term}
          columns={[
            ['Title', (i) => i.title],
            ['Term', (i) => i.term],
            ['State', (i) => <><StateBadge state={i.state} /><Text size="xs">{i.message}</Text></>],
            ['Size', (i) => bytes(i.sizeBytes)],
            ['Disk', (i) => bytes(i.virtualSizeBytes)],
            ['Made', (i) => <When at={i.created} />],
            ...(atLeast(me, 'admin') ? [['Actions', (i: Image) => <Confirm label="Delete" question={`Offer ${i.title} no longer? What was made of it stays.`} onConfirm={() => discard.mutate(i.term)} />] as const] : []),
          ]} />
      ) : (
        <Loaded query={query}>
          {(model) => {
            const all = model.dependants(OS_TPL);
            return all.length === 0 ? (
              <Empty title="There are no images yet">An administrator uploads one, or has one fetched.</Empty>
            ) : (
              <Rows rows={all} id={identifier} minWidth={320} columns={[['Title', (m) => m.title], ['Term', (m) => m.term], ...(atLeast(me, 'member') ? [['Actions', (m: Mixin) => <GoButton to={`/machines/new?image=${encodeURIComponent(identifier(m))}`} label="Make a machine of it" />] as const] : [])]} />
            );
          }}
        </Loaded>
      )}
      {atLeast(me, 'admin') && (
        <Card withBorder>
          <Tabs defaultValue="upload">
            <Tabs.List>
              <Tabs.Tab value="upload">Upload</Tabs.Tab>
              <Tabs.Tab value="import">Fetch from a URL</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="upload" pt="md">
              <Upload />
            </Tabs.Panel>
            <Tabs.Panel value="import" pt="md">
              <Import />
            </Tabs.Panel>
          </Tabs>
        </Card>
      )}
    </Page>
  );
}
