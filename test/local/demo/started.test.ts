import { Started } from '../../../local/demo/started';

function recorded() {
  const events: string[] = [];
  const thing = (name: string) => ({
    stop: async () => {
      events.push(`${name} stopped`);
    },
  });
  return { events, thing, started: new Started(message => events.push(message)) };
}

test('what was started last is stopped first, and once', async () => {
  const { events, thing, started } = recorded();
  await started.add('one', thing('one'));
  await started.add('two', thing('two'));
  await started.stopAll();
  await started.stopAll();
  expect(events).toEqual(['two stopped', 'one stopped']);
});

test('one that cannot be stopped does not keep the others running', async () => {
  const { events, thing, started } = recorded();
  await started.add('one', thing('one'));
  await started.add('two', { stop: () => Promise.reject(new Error('stuck')) });
  await started.stopAll();
  expect(events).toEqual(['two could not be stopped: stuck', 'one stopped']);
});

test('what becomes ready too late is stopped at once', async () => {
  const { events, thing, started } = recorded();
  await started.stopAll();
  await started.add('late', thing('late'));
  expect(events).toEqual(['late stopped']);
});
