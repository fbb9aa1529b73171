import CLIPBulk
import CLIPTestSupport
import Testing

@Suite("Samples of archives")
struct ArchiveSamplesTests {
    @Test("Keys and extensions are webdataset's")
    func names() {
        // What base_plus_ext and skip_meta of webdataset 1.0.2 make of them.
        let golden: [(String, (String, String)?)] = [
            ("a.jpg", ("a", "jpg")), ("x/a.b.JPG", ("x/a", "b.jpg")),
            ("a.b/0001.left.jpg", ("a.b/0001", "left.jpg")), (".hidden.jpg", nil),
            ("dir/.x.jpg", ("dir/", "x.jpg")), ("d.d/.x.jpg", nil), ("/.x", ("/", "x")),
            ("a//.x", ("a//", "x")), ("noext", nil), ("dir/noext", nil), ("a.", ("a", "")),
            ("./000.jpg", ("./000", "jpg")), ("__meta__", nil), ("__meta__/a.jpg", nil),
            ("__a.jpg", ("__a", "jpg")), ("a/__meta__", nil), ("a/b.c/d.e.f", ("a/b.c/d", "e.f")),
            ("x..y", ("x", ".y")), ("____", nil), ("_.jpg", ("_", "jpg")),
        ]
        for (path, expected) in golden {
            let name = SampleName(Array(path.utf8))
            #expect(name?.key == expected.map { Array($0.0.utf8) }, "\(path)")
            #expect(name?.extension == expected.map { Array($0.1.utf8) }, "\(path)")
        }
    }

    private func samples(
        wanted: String? = nil,
        mostBytes: Int = 100,
        _ build: (inout MadeArchive) -> Void
    ) -> (items: [BulkItem], passedOver: Int, ArchiveError?) {
        var archive = MadeArchive()
        build(&archive)
        let reader = TarReader(ArchiveStream(bytes: archive.bytes))
        var samples = ArchiveSamples(reader, wanted: wanted, mostBytes: mostBytes)
        var items: [BulkItem] = []
        do throws(ArchiveError) {
            while let item = try samples.next() { items.append(item) }
            return (items, samples.passedOver, nil)
        } catch {
            #expect(throws: error) { try samples.next() }
            return (items, samples.passedOver, error)
        }
    }

    @Test("A sample's picture is the first whose extension is a picture's, or else ends as one")
    func pictures() {
        let build = { (archive: inout MadeArchive) in
            archive.file("0.json", [0])
            archive.file("0.mask.png", [1])
            archive.file("0.JPG", [2])
            archive.file("0.png", [3])
            archive.file("1.left.jpg", [4])
            archive.file("1.right.jpg", [5])
            archive.file("1.txt", [6])
            archive.file("2.txt", [7])
            archive.file("0.jpg", [8])
            archive.end()
        }
        let (items, passedOver, error) = samples(build)
        let none = BulkItem.failed(key: "2", reason: "The sample has no picture.")
        #expect(
            items == [.picture(key: "0", [2]), .picture(key: "1", [4]), none, .picture(key: "0", [8])]
        )
        #expect(passedOver == 3)
        #expect(error == nil)
        let (right, _, _) = samples(wanted: "Right.jpg", build)
        #expect(right.contains(.picture(key: "1", [5])))
        #expect(right.count == 4)
    }

    @Test("Links and sparse files in a picture's place are told; other members without content are not")
    func troubles() {
        let (items, _, error) = samples {
            $0.header("0.jpg", type: "2")
            $0.header("1.jpg", type: "S", size: 0, magic: "ustar  \u{0}")
            $0.header("2.txt", type: "2")
            $0.header("folder.jpg/", type: "5")
            $0.file("3.jpg", [1])
            $0.end()
        }
        #expect(error == nil)
        guard items.count == 3, case .failed("0", let link) = items[0],
            case .failed("1", let sparse) = items[1]
        else {
            Issue.record("\(items)")
            return
        }
        for reason in [link, sparse] { #expect(Words.faults(of: reason) == []) }
        #expect(items[2] == .picture(key: "3", [1]))
    }

    @Test("Of a picture that is too large no more is read than shows it")
    func tooLarge() {
        let (items, _, _) = samples(mostBytes: 4) { $0.file("0.jpg", [1, 2, 3, 4, 5, 6, 7]) }
        #expect(items == [.picture(key: "0", [1, 2, 3, 4, 5])])
    }

    @Test("Samples before a damage are kept, with the last where its picture was whole")
    func damage() {
        let (items, _, error) = samples {
            $0.file("0.jpg", [1])
            $0.file("1.jpg", [2])
            $0.raw([UInt8](repeating: 0x41, count: 512))
        }
        #expect(items == [.picture(key: "0", [1]), .picture(key: "1", [2])])
        #expect(error == .badHeader(offset: 2048))
        let cut = samples {
            $0.file("0.jpg", [1])
            $0.header("1.jpg", size: 600)
            $0.raw([1, 2, 3])
        }
        #expect(cut.items == [.picture(key: "0", [1])])
        #expect(cut.2 == .cut(offset: 1024))
    }

    @Test("A sample that a damage cuts gives no picture that another one would have taken the place of")
    func damagedSample() {
        // The header of the fitter picture is there, is not there, and belongs to another sample.
        let endings: [((inout MadeArchive) -> Void, Int)] = [
            (
                {
                    $0.header("1.jpg", size: 600)
                    $0.raw([1, 2, 3])
                }, 2048
            ),
            ({ $0.raw([UInt8](repeating: 0x41, count: 512)) }, 2048),
        ]
        for (ending, offset) in endings {
            let (items, _, error) = samples {
                $0.file("0.jpg", [1])
                $0.file("1.mask.png", [2])
                ending(&$0)
            }
            #expect(items == [.picture(key: "0", [1])])
            #expect(error == .cut(offset: offset) || error == .badHeader(offset: offset))
        }
        let (items, _, error) = samples {
            $0.file("1.mask.png", [2])
            $0.header("2.jpg", size: 600)
            $0.raw([1, 2, 3])
        }
        #expect(items == [.picture(key: "1", [2])])
        #expect(error == .cut(offset: 1024))
        // The one extension that is wanted has no fitter one.
        let wanted = samples(wanted: "mask.png") {
            $0.file("1.mask.png", [2])
            $0.header("1.jpg", size: 600)
        }
        #expect(wanted.items == [.picture(key: "1", [2])])
    }

    @Test("A name that is no UTF-8 is kept, byte by byte")
    func bytes() throws {
        let (items, _, _) = samples {
            $0.header("a", size: 1) { $0.replaceSubrange(0..<5, with: [0xE9, 0x2E] + Array("jpg".utf8)) }
            $0.content([1])
        }
        guard case .picture(let key, _) = try #require(items.first) else { return }
        #expect(key.unicodeScalars.first?.value == 0x10_F7E9)
    }
}
