/** Turns the layers and the purity of cores into one `no-restricted-imports` setting per set of files. */
import { layers } from './layers.js';
import { cores, impureImports } from './purity.js';

const own = (folder) => folder.split('/')[1];

/** Matches every workspace package except those named, and their subpaths. */
const workspaceExcept = (names) => `^(simpledht|@simpledht/(?!(${names.join('|')})(/|$)).*)$`;

const restricted = (names, reason, extra = []) => ({
  'no-restricted-imports': ['error', { patterns: [{ regex: workspaceExcept(names), message: reason }, ...extra] }],
});

const isCoreOf = (folder) => (glob) => glob.startsWith(`${folder}/`);

/** Flat configuration objects; later ones narrow earlier ones, so order matters. */
export const importRules = layers.flatMap(({ folder, mayImport, reason, only = [] }) => {
  const self = own(folder);
  const coreFiles = cores.filter(isCoreOf(folder));
  return [
    { files: [`${folder}/**/*.ts`], rules: restricted([self, ...mayImport], reason) },
    ...only.map((part) => ({
      files: part.files.map((file) => `${folder}/**/${file.endsWith('**') ? file : `${file}.ts`}`),
      rules: restricted([self, ...part.mayImport], reason),
    })),
    ...(coreFiles.length === 0
      ? []
      : [{ files: coreFiles, rules: restricted([self, ...mayImport], reason, [impureImports]) }]),
  ];
});
