export * from './hive';
export { installHive, OnProgress } from './installation';
