export { reportPage, type PageContent } from './page';
