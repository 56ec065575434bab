import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** First sentence-like text of the JSDoc of each member of an interface or object literal, by name, in order. */
export function memberDocs(file: URL, name: string): ReadonlyMap<string, string> {
  const source = ts.createSourceFile(file.pathname, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
  const docs = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === name) collect(node.members, docs);
    if (ts.isVariableDeclaration(node) && node.name.getText() === name) collectLiteral(node.initializer, docs);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return docs;
}

/** The literals of a union of string literals with the comment before each. */
export function literalDocs(file: URL, name: string): ReadonlyMap<string, string> {
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf(`export type ${name} =`);
  const union = text.slice(from, text.indexOf("';\n", from) + 1);
  const docs = new Map<string, string>();
  for (const [, comment = '', literal = ''] of union.matchAll(/\/\*\* (.*?) \*\/\s*\| '(\w+)'/gs))
    docs.set(literal, oneLine(comment));
  return docs;
}

function collect(members: readonly (ts.TypeElement | ts.ObjectLiteralElementLike)[], docs: Map<string, string>): void {
  for (const member of members) {
    if (member.name !== undefined) docs.set(member.name.getText(), commentOf(member));
  }
}

function collectLiteral(initializer: ts.Expression | undefined, docs: Map<string, string>): void {
  const literal = initializer !== undefined && ts.isAsExpression(initializer) ? initializer.expression : initializer;
  if (literal !== undefined && ts.isObjectLiteralExpression(literal)) collect(literal.properties, docs);
}

function commentOf(node: ts.Node): string {
  const text = ts.getJSDocCommentsAndTags(node).map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '');
  return oneLine(text.join(' '));
}

function oneLine(text: string): string {
  return text
    .replace(/\s*\n\s*(?:\* ?)?/g, ' ')
    .replaceAll('|', '\\|')
    .trim();
}
