/** MessagePack that must be refused, by name: what msgpackr 2.1.3 or older would make of each is in the comment. */
export const hostileValues: Readonly<Record<string, string>> = {
  'nothing at all': '',
  // An object of class C1Type.
  'the type that is never used': 'c1',
  'the type that is never used, inside': '92 01 c1',
  // A RegExp chosen by the sender.
  'a RegExp (extension 0x78)': 'd4 78 00 92 a1 61 a1 67',
  'a typed array (extension 0x74)': 'c7 05 74 05 00 00 00 00',
  'a Set (extension 0x73)': 'd4 73 00 91 01',
  'an Error (extension 0x65)': 'd4 65 00 93 a5 45 72 72 6f 72 a1 6d c0',
  'a bigint of any size (extension 0x42)': 'c7 10 42 7f ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff',
  // CVE-2023-52079: a cycle that old versions walked for ever.
  'a reference to itself (extensions 0x69 and 0x70)': 'd6 69 00 00 00 01 91 d6 70 00 00 00 01',
  // Compiles a function from the names in the packet.
  'a record definition (extension 0x72)': 'd4 72 40 91 a1 61 01',
  'a record definition of two bytes': 'd5 72 40 00 91 a1 61 01',
  'bundled strings (extension 0x62)': 'd6 62 00 00 00 05 c1 04 a4 61 62 63 64 a0',
  'undefined (extension 0)': 'd4 00 00',
  'an extension of 16 bytes': 'd8 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00',
  'an extension with a length of 16 bits': 'c8 00 04 ff 00 00 00 00',
  'an extension with a length of 32 bits': 'c9 00 00 00 04 ff 00 00 00 00',
  // An invalid Date.
  'a timestamp of one byte': 'd4 ff ff',
  'a timestamp of 32 bits in the long form': 'c7 04 ff 00 00 00 00',
  'a timestamp of 96 bits that ends early': 'c7 0c ff 00 00 00 00 00 00 00 00',
  'a timestamp with 1,000,000,000 nanoseconds': 'd7 ff ee 6b 28 00 00 00 00 00',
  'a timestamp past the last date': 'c7 0c ff 00 00 00 00 00 00 07 db a8 21 80 01',
  'a timestamp at the end of 64 bits': 'c7 0c ff 00 00 00 00 7f ff ff ff ff ff ff ff',
  // Become U+FFFD, so that two keys become one.
  'a string that is not UTF-8': 'a2 c3 28',
  'a string with a surrogate': 'a3 ed a0 80',
  'a string with an overlong form': 'a2 c0 af',
  'a key that is not UTF-8': '81 a1 ff 01',
  'a long string that is not UTF-8': `d9 50 ${'61'.repeat(79)} 80`,
  // Renamed to "__proto_".
  'a key __proto__': '81 a9 5f 5f 70 72 6f 74 6f 5f 5f 80',
  'a key __proto__ with a long header': '81 d9 09 5f 5f 70 72 6f 74 6f 5f 5f 80',
  'a key __proto__ deep inside': '91 81 a1 61 81 a9 5f 5f 70 72 6f 74 6f 5f 5f 01',
  // The last one wins.
  'a key twice': '82 a1 61 01 a1 61 02',
  'a key twice, with different headers': '82 a1 61 01 d9 01 61 02',
  'a key twice, around a map': '83 a1 61 81 a1 61 01 a1 62 02 a1 61 03',
  // 17 keys, the first again at the end: maps of more than 16 are checked in another way.
  'a key twice in a large map': `de 00 12 ${Array.from({ length: 17 }, (_, index) => `a1 ${(0x61 + index).toString(16)} c0`).join(' ')} a1 61 c0`,
  // Becomes the string "1".
  'a number as a key': '81 01 02',
  'null as a key': '81 c0 02',
  // Throws, or is made a string of its parts.
  'an array as a key': '81 91 01 02',
  'a map as a key': '81 80 02',
  'bytes as a key': '81 c4 01 61 02',
  'bytes after the value': '01 01',
  'a second value after the first': '91 01 91 01',
  'an array that ends early': '93 01 02',
  'a map that ends early': '82 a1 61 01',
  'a map without its last value': '81 a1 61',
  'a string that ends early': 'a5 61 62',
  'a string length that ends early': 'da 00',
  'bytes that end early': 'c4 05 01 02',
  'an integer that ends early': 'cf 00 00 00 00',
  'a float that ends early': 'cb 00 00 00',
  // 320 ms and 135 MB in msgpackr 1.11.9.
  'an array of 33 million announced in 5 bytes': 'dd 01 ff ff ff',
  'an array of 2^32 - 1 announced in 5 bytes': 'dd ff ff ff ff',
  'a map of 2^32 - 1 announced in 5 bytes': 'df ff ff ff ff',
  'a string of 2^32 - 1 bytes announced in 5': 'db ff ff ff ff',
  '2^32 - 1 bytes announced in 5': 'c6 ff ff ff ff',
  // Kills a process with msgpackr 1.11.9: out of memory.
  'the 503-byte packet: 100 nested arrays of 33 million': `${'dd01ffffff'.repeat(100)} c0 c0 c0`,
  'arrays one level too deep': `${'91'.repeat(65)} 01`,
  'maps one level too deep': `${'81 a1 61'.repeat(65)} 01`,
  'arrays as deep as a datagram': `${'91'.repeat(1190)} 01`,
};
