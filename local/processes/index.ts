export * from './folders';
export * from './follow';
export { withLock } from './lock';
export * from './port';
export * from './process';
