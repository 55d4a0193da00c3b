import { Page } from '../parts/parts';

export default function Screen() {
  return <Page title="Images">{null}</Page>;
}
