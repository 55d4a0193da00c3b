import { Alert, Anchor, Button, Card, Center, Divider, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Me } from '../api/session';
import { methods, signInWithPassword, signInWithToken } from '../api/session';
import { ErrorNote } from '../parts/parts';

/** With a name and password or an identity provider where the API offers that, and always with a token. */
export function SignIn({ onDone, from, expired }: { onDone: (me: Me) => void; from: string; expired: boolean }) {
  const offered = useQuery({ queryKey: ['methods'], queryFn: methods, staleTime: 60_000 });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [secret, setSecret] = useState('');
  const byPassword = useMutation({ mutationFn: () => signInWithPassword(name, password), onSuccess: onDone });
  const byToken = useMutation({ mutationFn: () => signInWithToken(secret.trim()), onSuccess: onDone });
  const passwords = offered.data?.some((m) => m.type === 'password') ?? false;
  const providers = offered.data?.filter((m) => m.type !== 'password' && m.type !== 'token') ?? [];
  const failure = byToken.error ?? byPassword.error;
  // No field before it is known which there are: one that came later would take the focus, and what is being typed, away.
  if (offered.isPending) return <Center mih="100vh" component="main" aria-busy="true" />;
  return (
    <Center mih="100vh" p="md" component="main">
      <Card withBorder padding="xl" w={420} maw="100%">
        <Stack>
          <Title order={1} size="h3">
            Sign in to the cloud
          </Title>
          {expired && !failure && (
            <Alert variant="default" color="orange" title="You were signed out" role="status">
              The session or token has expired or was ended. Sign in again to go on where you were.
            </Alert>
          )}
          {failure && <ErrorNote error={failure} what="Not signed in" />}
          {providers.map((p) => (
            <Button key={p.path} component="a" href={`${p.path}?return=${encodeURIComponent('/ui' + from)}`}>
              {p.title}
            </Button>
          ))}
          {passwords && (
            <form
              onSubmit={(e) => {
                e.preventDefault();
                byPassword.mutate();
              }}
            >
              <Stack gap="sm">
                <TextInput label="Name" autoComplete="username" value={name} onChange={(e) => setName(e.currentTarget.value)} required autoFocus />
                <PasswordInput label="Password" autoComplete="current-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} required />
                <Button type="submit" loading={byPassword.isPending}>
                  Sign in
                </Button>
              </Stack>
            </form>
          )}
          {(passwords || providers.length > 0) && <Divider label="or with a token" />}
          <form
            onSubmit={(e) => {
              e.preventDefault();
              byToken.mutate();
            }}
          >
            <Stack gap="sm">
              <PasswordInput label="API token" description="It stays in this tab, and is forgotten when you close it." autoComplete="off" value={secret}
                onChange={(e) => setSecret(e.currentTarget.value)} required autoFocus={!passwords} />
              <Button type="submit" variant={passwords ? 'default' : 'filled'} loading={byToken.isPending}>
                Sign in with token
              </Button>
            </Stack>
          </form>
          <Text size="xs">
            An administrator makes tokens with <code>controller token create</code>; the administrator's own is in the data directory of <code>controller up</code>, in <code>admin.token</code>.{' '}
            <Anchor href="/-/" size="xs" underline="always">
              What this API offers
            </Anchor>
          </Text>
        </Stack>
      </Card>
    </Center>
  );
}
