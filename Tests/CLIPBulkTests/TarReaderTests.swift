import CLIPBulk
import CLIPTestSupport
import Testing

@Suite("Reading tar archives")
struct TarReaderTests {
    private typealias Members = [(name: String, content: [UInt8], kind: TarReader.Entry.Kind)]

    /// All members with their contents, and what has ended the archive.
    private func read(_ bytes: [UInt8], limit: Int = .max) -> (Members, ArchiveError?) {
        var reader = TarReader(ArchiveStream(bytes: bytes))
        var members: Members = []
        do throws(ArchiveError) {
            while let entry = try reader.next() {
                let content = try reader.content(limit: limit)
                members.append((String(decoding: entry.name, as: UTF8.self), content, entry.kind))
            }
            // The end stays the end.
            let again = try reader.next()
            #expect(again == nil)
            return (members, nil)
        } catch {
            return (members, error)
        }
    }

    private func archive(_ build: (inout MadeArchive) -> Void) -> [UInt8] {
        var archive = MadeArchive()
        build(&archive)
        return archive.bytes
    }

    @Test("Members come in their order, whole or in part, or passed over")
    func members() throws {
        let long = [UInt8](repeating: 7, count: 3000)
        let bytes = archive {
            $0.file("a.jpg", [1, 2, 3])
            $0.header("folder/", type: "5")
            $0.file("folder/b.jpg", long)
            $0.file("empty", [])
            $0.end()
        }
        let (members, error) = read(bytes)
        #expect(error == nil)
        #expect(members.map(\.name) == ["a.jpg", "folder/", "folder/b.jpg", "empty"])
        #expect(members.map(\.content) == [[1, 2, 3], [], long, []])
        #expect(members.map(\.kind) == [.file, .folder, .file, .file])
        #expect(read(bytes, limit: 2).0.map(\.content) == [[1, 2], [], [7, 7], []])
        #expect(read(bytes, limit: 0).0.count == 4)
    }

    @Test("An archive ends at a block of zeros, or with its file")
    func ends() {
        let one = archive { $0.file("a", [1]) }
        for end in [[], [UInt8](repeating: 0, count: 512), [UInt8](repeating: 0, count: 9216)] {
            let (members, error) = read(one + end)
            #expect(members.count == 1)
            #expect(error == nil)
        }
        #expect(read([UInt8](repeating: 0, count: 1024)).1 == nil)
    }

    @Test("Names are those of ustar's prefix, of GNU's long names, and of POSIX's records")
    func names() {
        let long = String(repeating: "long/", count: 60) + "a.jpg"
        let bytes = archive {
            $0.header("b.jpg") { $0.replaceSubrange(345..<351, with: "folder".utf8) }
            // GNU has times there.
            $0.header("c.jpg", magic: "ustar  \u{0}") { $0.replaceSubrange(345..<351, with: "012345".utf8) }
            $0.header("././@LongLink", type: "L", size: long.utf8.count + 1, magic: "ustar  \u{0}")
            $0.content(Array(long.utf8) + [0])
            $0.header("long", magic: "ustar  \u{0}")
            $0.records(MadeArchive.record("path", long + "é") + MadeArchive.record("mtime", "1.5"))
            $0.file("short", [5])
            $0.records(MadeArchive.record("comment", "of all"), type: "g")
            $0.file("last", [])
            $0.end()
        }
        let (members, error) = read(bytes)
        #expect(error == nil)
        #expect(members.map(\.name) == ["folder/b.jpg", "c.jpg", long, long + "é", "last"])
    }

    @Test("Sizes are octal, in base 256, or those of POSIX's records")
    func sizes() {
        let content: [UInt8] = [1, 2, 3, 4, 5]
        let bytes = archive {
            $0.header("binary") {
                $0.replaceSubrange(124..<136, with: [0x80] + [UInt8](repeating: 0, count: 10) + [5])
            }
            $0.content(content)
            $0.header("blanks") { $0.replaceSubrange(124..<136, with: "   5        ".utf8) }
            $0.content(content)
            $0.records(MadeArchive.record("size", "5"))
            $0.header("records", size: 0)
            $0.content(content)
            $0.end()
        }
        let (members, error) = read(bytes)
        #expect(error == nil)
        #expect(members.map(\.content) == [content, content, content])
    }

    @Test("Numbers that no file can have are refused")
    func badNumbers() {
        let fields: [[UInt8]] = [
            // -1, more than 63 bits, no digits.
            [UInt8](repeating: 0xFF, count: 12), [0x80, 1] + [UInt8](repeating: 0, count: 10),
            Array("0000000000x0".utf8), Array("-00000000005".utf8), Array("000000000890".utf8),
        ]
        for field in fields {
            let bytes = archive { $0.header("a") { $0.replaceSubrange(124..<136, with: field) } }
            #expect(read(bytes).1 == .badNumber(offset: 0))
        }
        for size in ["-5", "5.0", "", "99999999999999999999"] {
            let bytes = archive {
                $0.records(MadeArchive.record("size", size))
                $0.header("a")
            }
            #expect(read(bytes).1 == .badNumber(offset: 0), "\(size)")
        }
        let most = archive {
            $0.records(MadeArchive.record("size", "\(Int.max)"))
            $0.header("a")
        }
        #expect(read(most).1 == .badNumber(offset: 1024))
    }

    @Test("A size that lies takes no memory, and is found out")
    func lyingSize() {
        let bytes = archive {
            $0.file("a", [1])
            $0.header("b", size: 0o77777777777)
        }
        let (members, error) = read(bytes)
        #expect(members.count == 1)
        #expect(error == .cut(offset: 1024))
    }

    @Test("An archive that is cut anywhere gives what is whole, and says so")
    func cut() {
        let bytes = archive {
            $0.file("a", [UInt8](repeating: 1, count: 700))
            $0.records(MadeArchive.record("path", "b"))
            $0.file("short", [UInt8](repeating: 2, count: 10))
        }
        let ends: Set = [0, 512 + 1024]
        for count in 1..<bytes.count where !ends.contains(count) {
            let (members, error) = read(Array(bytes[..<count]))
            #expect(error != nil, "\(count)")
            #expect(
                members.count == (count < 1536 ? (count >= 1212 ? 1 : 0) : count >= 3082 ? 2 : 1),
                "\(count)"
            )
        }
    }

    @Test("Links and devices have no content; sparse files are told")
    func others() {
        let bytes = archive {
            $0.header("link", type: "1", size: 9)
            $0.header("symbolic", type: "2", size: 9)
            $0.header("device", type: "3", size: 9)
            $0.header("sparse", type: "S", size: 600, magic: "ustar  \u{0}") { $0[482] = 1 }
            var more = [UInt8](repeating: 0, count: 512)
            more[504] = 1
            $0.raw(more)
            $0.raw([UInt8](repeating: 0, count: 512))
            $0.content([UInt8](repeating: 3, count: 600))
            $0.records(
                MadeArchive.record("GNU.sparse.major", "1") + MadeArchive.record("GNU.sparse.name", "holes")
            )
            $0.file("GNUSparseFile.0/holes", [4])
            $0.header("volume", type: "V")
            $0.file("z", [9])
            $0.end()
        }
        let (members, error) = read(bytes)
        #expect(error == nil)
        #expect(members.map(\.kind) == [.other, .other, .other, .sparse, .sparse, .other, .file])
        #expect(members.map(\.name) == ["link", "symbolic", "device", "sparse", "holes", "volume", "z"])
        #expect(members.last?.content == [9])
    }

    @Test("What is no archive, or packed, is told")
    func foreign() {
        #expect(read([]).1 == .notAnArchive)
        #expect(read([1, 2, 3]).1 == .notAnArchive)
        #expect(read([UInt8](repeating: 0x41, count: 2000)).1 == .notAnArchive)
        #expect(read([0x1F, 0x8B, 8, 0]).1 == .packed(by: .gzip))
        #expect(read([0x28, 0xB5, 0x2F, 0xFD] + [UInt8](repeating: 1, count: 2000)).1 == .packed(by: .zstd))
        // A name may begin so.
        #expect(read(archive { $0.file("BZh.jpg", [1]) }).1 == nil)
        #expect(
            read(archive { $0.file("a", [1]) } + [UInt8](repeating: 0x41, count: 512)).1
                == .badHeader(offset: 1024)
        )
    }

    @Test("Sums of signed bytes hold, too; wrong ones do not")
    func sums() {
        var archive = MadeArchive()
        archive.header("é")
        var signed = archive.bytes
        let sum = signed.enumerated().reduce(0) {
            $0 + ((148..<156).contains($1.offset) ? 32 : Int(Int8(bitPattern: $1.element)))
        }
        signed.replaceSubrange(148..<156, with: MadeArchive.octal(sum, digits: 6) + [0, 0x20])
        #expect(read(signed).1 == nil)
        signed[0] ^= 1
        #expect(read(signed).1 == .notAnArchive)
    }

    @Test("Headers without end are refused")
    func endlessHeaders() {
        let huge = archive { $0.header("x", type: "x", size: 1 << 30) }
        #expect(read(huge).1 == .headerTooLong(offset: 0, limit: TarReader.mostHeaderBytes))
        let many = archive { archive in
            for _ in 0..<100 { archive.records(MadeArchive.record("comment", "x")) }
            archive.file("a", [1])
        }
        #expect(read(many).1 == .headerTooLong(offset: 64 * 1024, limit: TarReader.mostHeaderBytes))
        let name = String(repeating: "n", count: 5000)
        let long = archive {
            $0.records(MadeArchive.record("path", name))
            $0.file("a", [1])
        }
        #expect(read(long).1 == .headerTooLong(offset: 5632, limit: TarReader.longestName))
    }

    @Test(
        "Records that contradict themselves are refused",
        arguments: [
            "5 a=\n", "99 a=b\n", "x a=b\n", "6 a=bX", " a=b\n", "2 ", "4 ab\n", "99999999999999999999 a=b\n",
        ]
    )
    func badRecords(_ text: String) {
        let bytes = archive {
            $0.records(text)
            $0.file("a", [1])
        }
        #expect(read(bytes).1 == (text == "5 a=\n" ? nil : .badRecords(offset: 0)))
    }

    @Test("A file is read as bytes in memory are, from the disk")
    func files() throws {
        let folder = try TemporaryDirectory()
        let bytes = archive {
            $0.file("large", [UInt8](repeating: 1, count: 5 << 20))
            $0.file("small", [2])
            $0.end()
        }
        var reader = TarReader(try ArchiveStream(path: try folder.write(bytes, to: "a.tar")))
        #expect(try reader.next()?.size == 5 << 20)
        #expect(try reader.next()?.name == Array("small".utf8))
        #expect(try reader.content(limit: 10) == [2])
        #expect(try reader.next() == nil)
        let half = try folder.write(Array(bytes[..<(4 << 20)]), to: "half.tar")
        reader = TarReader(try ArchiveStream(path: half))
        _ = try reader.next()
        #expect(throws: ArchiveError.cut(offset: 0)) { try reader.next() }
        #expect(throws: ArchiveError.unreadable(cause: "No such file or directory")) {
            try ArchiveStream(path: "/nowhere.tar")
        }
        withExtendedLifetime(folder) {}
    }
}
