import { Center, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { Navigate, Route, Routes, useLocation, useNavigate } from 'react-router';
import { ApiError, onExpired, token } from './api/client';
import type { Me } from './api/session';
import { whoAmI } from './api/session';
import { Empty, ErrorNote, Page } from './parts/parts';
import { MeContext } from './parts/hooks';
import { Shell } from './shell';
import { SignIn } from './pages/signin';

const Dashboard = lazy(() => import('./pages/dashboard'));
const Machines = lazy(() => import('./pages/machines'));
const NewMachine = lazy(() => import('./pages/create'));
const Machine = lazy(() => import('./pages/machine'));
const Volumes = lazy(() => import('./pages/volumes'));
const Networks = lazy(() => import('./pages/networks'));
const Images = lazy(() => import('./pages/images'));
const Hosts = lazy(() => import('./pages/hosts'));
const HostPage = lazy(() => import('./pages/host'));
const Activity = lazy(() => import('./pages/activity'));
const Projects = lazy(() => import('./pages/projects'));
const ProjectPage = lazy(() => import('./pages/project'));
const ModelPage = lazy(() => import('./pages/model'));
const EntityPage = lazy(() => import('./pages/entity'));

const waiting = (
  <Center h={200}>
    <Loader aria-label="Loading" />
  </Center>
);

/** Somebody is known here, and may do nothing yet: every page would be a refusal. */
const Lost = ({ me }: { me: Me }) => (
  <Page title="Welcome">
    <Empty title={`You are signed in as ${me.name}, and have no role yet`}>An administrator of the cloud or of a project gives you one; with an identity provider, one of your groups may have it. Then load this page again.</Empty>
  </Page>
);

export function App() {
  const at = useLocation();
  const go = useNavigate();
  const queries = useQueryClient();
  // Without a token there may be a session in a cookie, which no script sees: the API knows.
  const me = useQuery({ queryKey: ['me'], queryFn: whoAmI, retry: false, staleTime: Infinity, enabled: at.pathname !== '/signin' });
  useEffect(() => {
    onExpired(() => {
      token.set(null);
      // Whoever was never signed in is asked to sign in; who was, is told why that is over.
      const expired = queries.getQueryData(['me']) !== undefined;
      queries.removeQueries({ queryKey: ['me'] });
      if (!window.location.pathname.endsWith('/signin')) void go('/signin', { replace: true, state: { from: window.location.pathname.replace(/^\/ui/, ''), expired } });
    });
  }, [go, queries]);
  const { from = '/', expired = false } = (at.state ?? {}) as { from?: string; expired?: boolean };
  if (at.pathname === '/signin') {
    return (
      <SignIn
        from={from}
        expired={expired}
        onDone={(found) => {
          queries.clear();
          queries.setQueryData(['me'], found);
          void go(from, { replace: true });
        }}
      />
    );
  }
  if (me.error) {
    if (me.error instanceof ApiError && me.error.status === 401) return <Navigate to="/signin" replace state={{ from: at.pathname }} />;
    return <ErrorNote error={me.error} />;
  }
  if (!me.data) return waiting;
  return (
    <MeContext value={me.data}>
      <Shell>
        <Suspense fallback={waiting}>
          {me.data.lost ? <Lost me={me.data} /> : <Routes>
            <Route path="/" element={<Dashboard />} />
            <Route path="/machines" element={<Machines />} />
            <Route path="/machines/new" element={<NewMachine />} />
            <Route path="/machines/:id/:tab?" element={<Machine />} />
            <Route path="/volumes" element={<Volumes />} />
            <Route path="/networks" element={<Networks />} />
            <Route path="/images" element={<Images />} />
            <Route path="/hosts" element={<Hosts />} />
            <Route path="/hosts/:id" element={<HostPage />} />
            <Route path="/activity/:tab?" element={<Activity />} />
            <Route path="/projects/:tab?" element={<Projects />} />
            <Route path="/project/:id/:tab?" element={<ProjectPage />} />
            <Route path="/model" element={<ModelPage />} />
            <Route path="/model/:term" element={<ModelPage />} />
            <Route path="/entity/*" element={<EntityPage />} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Routes>}
        </Suspense>
      </Shell>
    </MeContext>
  );
}
