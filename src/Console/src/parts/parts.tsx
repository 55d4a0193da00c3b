import { Alert, Badge, Button, Card, Code, CopyButton, Group, List, Modal, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { useHotkeys } from '@mantine/hooks';
import { Link } from 'react-router';
import { ApiError } from '../api/client';

const COLOURS: Record<string, string> = {
  active: 'teal.9', online: 'teal.9', up: 'teal.9', ready: 'teal.9', approved: 'teal.9', drained: 'teal.9', used: 'teal.9',
  inactive: 'gray.7', offline: 'gray.7', new: 'gray.7', expired: 'gray.7', revoked: 'gray.7',
  suspended: 'violet.8', pending: 'orange.9', draining: 'orange.9', unhealthy: 'orange.9', open: 'blue.8',
  error: 'red.8', unreachable: 'red.8', dead: 'red.8',
};

export function StateBadge({ state }: { state: string }) {
  return (
    <Badge color={COLOURS[state] ?? 'gray.7'} variant="filled" tt="none" miw="max-content" data-state={state}>
      {state || 'unknown'}
    </Badge>
  );
}

/** A refusal, in the API's own words. */
export function ErrorNote({ error, what }: { error: Error; what?: string }) {
  const refused = error instanceof ApiError ? error : null;
  return (
    <Alert color="red" variant="default" title={what ?? 'The API says no'} role="alert">
      <Text size="sm">{error.message}</Text>
      {refused && refused.details.length > 0 && (
        <List size="sm" mt="xs">
          {refused.details.map((d) => (
            <List.Item key={d}>{d}</List.Item>
          ))}
        </List>
      )}
      {refused && refused.status > 0 && (
        <Text size="xs" mt="xs">
          <Code>{refused.type || 'http'}</Code> {refused.status}
        </Text>
      )}
    </Alert>
  );
}

/** What a query brought, or that it is on its way, or why it is not there. */
export function Loaded<T>({ query, children, lines = 4 }: { query: UseQueryResult<T>; children: (data: T) => ReactNode; lines?: number }) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error && <ErrorNote error={query.error} what="What you see may be old" />}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <ErrorNote error={query.error} />;
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} height={28} />
      ))}
    </Stack>
  );
}

/** Nothing is there: what to do next. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Card withBorder padding="xl" ta="center">
      <Stack align="center" gap="sm">
        <Text fw={600}>{title}</Text>
        {children && <Text size="sm">{children}</Text>}
        {action}
      </Stack>
    </Card>
  );
}

/** A command, or whatever else is to be copied. */
export function Copied({ label, text }: { label: string; text: string }) {
  return (
    <Stack gap="xs" align="flex-start">
      <Code block className="mono" tabIndex={0} aria-label={label} w="100%">
        {text}
      </Code>
      <CopyButton value={text}>{({ copied, copy }) => <Button size="compact-xs" variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
    </Stack>
  );
}

/** What is shown once. */
export function Secret({ label, text, children }: { label: string; text: string; children?: ReactNode }) {
  return (
    <Alert color="blue" variant="default" title="It is shown now and never again">
      <Stack gap="xs">
        {children && <Text size="sm">{children}</Text>}
        <Copied label={label} text={text} />
      </Stack>
    </Alert>
  );
}

/** A card with a heading. */
export function Part({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <Card withBorder component="section" aria-label={title}>
      <Group justify="space-between" mb="xs">
        <Text fw={600}>{title}</Text>
        {actions}
      </Group>
      {children}
    </Card>
  );
}

export function Page({ title, actions, children, badge }: { title: string; actions?: ReactNode; children: ReactNode; badge?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} – OCCI controller`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center">
        <Group gap="sm">
          <Title order={1} size="h2" tabIndex={-1}>
            {title}
          </Title>
          {badge}
        </Group>
        <Group gap="xs">{actions}</Group>
      </Group>
      {children}
    </Stack>
  );
}

/** A button that asks once more. */
export function Confirm({ label, question, onConfirm, disabled, loading, color = 'red' }: {
  label: string;
  question: string;
  onConfirm: () => void;
  disabled?: boolean;
  loading?: boolean;
  color?: string;
}) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button size="xs" variant="outline" color={color} disabled={disabled ?? false} loading={loading ?? false} onClick={() => setAsking(true)}>
        {label}
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={label} centered>
        <Text size="sm" mb="md">
          {question}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)}>
            Cancel
          </Button>
          <Button
            color={color}
            data-autofocus
            onClick={() => {
              setAsking(false);
              onConfirm();
            }}
          >
            {label}
          </Button>
        </Group>
      </Modal>
    </>
  );
}

/** A link that looks like a button, with a key of its own. */
export function GoButton({ to, label, hotkey }: { to: string; label: string; hotkey?: string }) {
  useHotkeys(hotkey ? [[hotkey, () => document.getElementById(`go-${to}`)?.click()]] : []);
  return (
    <Button component={Link} to={to} id={`go-${to}`} size="xs" title={hotkey ? `${label} (${hotkey})` : label}>
      {label}
    </Button>
  );
}
