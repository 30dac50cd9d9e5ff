// Makes the README's links absolute in the jsii assembly: PyPI, Maven, Go and Construct Hub show it far from the files.
import { readFileSync, writeFileSync } from 'fs';

interface Assembly {
  readonly repository: { readonly url: string };
  readonly readme: { markdown: string };
}

const assembly = JSON.parse(readFileSync('.jsii', 'utf8')) as Assembly;
const repository = assembly.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
assembly.readme.markdown = assembly.readme.markdown.replace(
  /(!?)(\[[^\]]*\]\()(?!https?:|#)([^)]+)\)/g,
  (_, image: string, text: string, file: string) =>
    `${image}${text}${repository}/${image ? 'raw' : 'blob'}/main/${file})`,
);
writeFileSync('.jsii', JSON.stringify(assembly, undefined, 2));
