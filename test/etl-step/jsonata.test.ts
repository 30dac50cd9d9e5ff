import { Lazy, Stack } from 'aws-cdk-lib';
import { jsonataLiteral } from '../../src/etl-step/jsonata';

test.each([
  ['plain text', 'select 1', 'select 1'],
  ['text with an expression inside', 'say {% $x %} twice', 'say {% $x %} twice'],
  ['an expression', '{% $states.input %}', '{% "{% $states.input %}" %}'],
  ['only the beginning of one', '{%', '{% "{%" %}'],
  ['only the end of one', "like '%}", '{% "like \'%}" %}'],
  ['spaces around one', ' {% 1 %}\n', '{% " {% 1 %}\\n" %}'],
  ['quotes and backslashes in one', '{% "a\\b" %}', '{% "{% \\"a\\\\b\\" %}" %}'],
])('%s', (_, text, expected) => expect(jsonataLiteral(text)).toBe(expected));

test('reaches into objects and arrays', () => {
  expect(jsonataLiteral({ a: ['{% 1 %}', 2, null, true], b: { c: '{% 3 %}' } })).toEqual({
    a: ['{% "{% 1 %}" %}', 2, null, true],
    b: { c: '{% "{% 3 %}" %}' },
  });
});

test('reaches into what is known at the end only', () => {
  const value = jsonataLiteral({
    tags: Lazy.any({ produce: () => [{ value: '{% 1 %}' }] }),
    id: Lazy.string({ produce: () => 'x' }),
  });
  expect(new Stack().resolve(value)).toEqual({ tags: [{ value: '{% "{% 1 %}" %}' }], id: 'x' });
});
