export * from './ministack';
