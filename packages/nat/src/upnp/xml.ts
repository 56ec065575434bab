import sax from 'sax';

/** An element without its attributes and the prefix of its name. */
export interface XmlElement {
  /** In lower case: routers write `faultCode` for `faultcode`. */
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

/** Real descriptions are nested 9 deep. */
const maxDepth = 32;

/**
 * The elements of a text from a router. Lenient: routers send bare ampersands, end tags that match nothing and zeros after the end,
 * and go on for years. No entity but XML's own is expanded; what is nested too deep throws.
 */
export function parseXml(text: string): XmlElement {
  const top: XmlElement = { name: '', children: [], text: '' };
  const open = [top];
  const parser = sax.parser(false, { lowercase: true, noscript: true, position: false });
  parser.onopentag = ({ name }) => {
    if (open.length > maxDepth) throw new Error('its answer is nested too deep');
    const element: XmlElement = { name: name.slice(name.indexOf(':') + 1), children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  };
  parser.onclosetag = () => void open.pop();
  parser.ontext = parser.oncdata = (part) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  };
  // Not closed: what a cut text held until there is as good as the rest.
  parser.write(text);
  return top;
}

/** All elements of this name, in the order of the text. */
export function* elementsIn(within: XmlElement, name: string): Generator<XmlElement, void> {
  for (const child of within.children) {
    if (child.name === name.toLowerCase()) yield child;
    yield* elementsIn(child, name);
  }
}

/** Text of the first element of this name, without the white space around it. */
export function textIn(within: XmlElement, name: string): string | undefined {
  for (const element of elementsIn(within, name)) return element.text.trim();
  return undefined;
}
