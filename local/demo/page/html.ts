/** Text of a page that needs no escaping any more. */
export class Html {
  constructor(public readonly text: string) {}
}

type Content = Html | string | number | Content[];

/** A piece of a page. Everything that is put into it is escaped, unless it is a piece itself. */
export function html(parts: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(parts.map((part, index) => part + (index < values.length ? textOf(values[index]) : '')).join(''));
}

function textOf(value: Content): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join('');
  return escape(String(value));
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Control characters are not allowed in a page, so their pictures stand there. */
function escape(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b-\u001f]/g, character => String.fromCharCode(0x2400 + character.charCodeAt(0)))
      .replace(/[&<>"']/g, character => ESCAPES[character])
  );
}
