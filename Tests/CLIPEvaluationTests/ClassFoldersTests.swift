import CLIPEvaluation
import CLIPFiles
import Foundation
import Testing

@Suite("Class folders and their labels")
struct ClassFoldersTests {
    private let root = FileManager.default.temporaryDirectory.appendingPathComponent(
        "clip-folders-\(UUID().uuidString)"
    )

    /// A directory with empty files, folders ('/' at the end) and links ('name -> target'), gone afterwards.
    private func with<Result>(_ entries: String..., body: (String) throws -> Result) throws -> Result {
        defer { try? FileManager.default.removeItem(at: root) }
        for entry in entries {
            let parts = entry.split(separator: " -> ")
            let url = root.appendingPathComponent(String(parts[0]))
            let folder = entry.hasSuffix("/") ? url : url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            if parts.count > 1 {
                try FileManager.default.createSymbolicLink(
                    atPath: url.path,
                    withDestinationPath: String(parts[1])
                )
            } else if !entry.hasSuffix("/") {
                try Data().write(to: url)
            }
        }
        return try body(root.path)
    }

    @Test("Classes and files stand in the order of their bytes, sub-folders included, hidden names not")
    func order() throws {
        let folders = try with(
            "b/2.jpg",
            "b/10.jpg",
            "b/images/1.jpg",
            "a/Z.png",
            "a/a.png",
            "고양이/x.jpg",
            "B/x.jpg",
            "b/.DS_Store",
            "b/.cache/x.jpg",
            ".git/config",
            "readme.txt"
        ) { try ClassFolders(directory: $0) }
        #expect(folders.classes.map(\.folder) == ["B", "a", "b", "고양이"])
        #expect(folders.classes[1].files == ["a/Z.png", "a/a.png"])
        #expect(folders.classes[2].files == ["b/10.jpg", "b/2.jpg", "b/images/1.jpg"])
        #expect(folders.leftOut.isEmpty && folders.empty.isEmpty)
    }

    @Test("A limit takes the first files of each class")
    func limit() throws {
        let folders = try with("a/1", "a/2/x", "a/2/y", "a/3", "b/1") { directory in
            try ClassFolders(directory: directory, limit: 2)
        }
        #expect(folders.classes.map(\.files) == [["a/1", "a/2/x"], ["b/1"]])
    }

    @Test("Empty folders are no classes, and are told")
    func empty() throws {
        let folders = try with("a/1", "b/", "c/.hidden", "d/e/") { try ClassFolders(directory: $0) }
        #expect(folders.classes.map(\.folder) == ["a"])
        #expect(folders.empty == ["b", "c", "d"])
    }

    @Test("Links are followed, but never in circles")
    func links() throws {
        let folders = try with(
            "a/1",
            "a/up -> ..",
            "a/self -> .",
            "a/other -> ../b/sub",
            "b/sub/2",
            "b/back -> ../b",
            "linked -> b",
            "whole -> ."
        ) { try ClassFolders(directory: $0) }
        #expect(folders.classes.map(\.folder) == ["a", "b", "linked"])
        #expect(folders.classes.map(\.files) == [["a/1", "a/other/2"], ["b/sub/2"], ["linked/sub/2"]])
    }

    @Test("Broken links and pipes are left out by name")
    func unreadable() throws {
        let folders = try with("a/1", "a/broken -> nowhere") { directory in
            #expect(mkfifo("\(directory)/a/pipe", 0o600) == 0)
            return try ClassFolders(directory: directory)
        }
        #expect(
            folders.leftOut == [
                LeftOut.Item("a/broken", because: "The file cannot be read: No such file or directory."),
                LeftOut.Item("a/pipe", because: "This is not a file."),
            ]
        )
    }

    @Test("A class that is a broken link is left out by name, a file beside the classes is not")
    func brokenClass() throws {
        let folders = try with("a/1", "b -> nowhere", "readme.txt") { try ClassFolders(directory: $0) }
        #expect(folders.classes.map(\.folder) == ["a"])
        #expect(
            folders.leftOut == [
                LeftOut.Item("b", because: "The file cannot be read: No such file or directory.")
            ]
        )
        let none = try with("b -> nowhere") { directory in
            #expect(throws: EvaluationError.self) { try ClassFolders(directory: directory) }
        }
        #expect(none?.description.hasSuffix("b: The file cannot be read: No such file or directory.") == true)
    }

    #if os(Linux)
    @Test("Classes and files may have names that are not UTF-8")
    func namesInOtherEncodings() throws {
        let folders = try with("a/1") { directory in
            // '고' in EUC-KR, 'é' in Latin-1.
            for name: [CChar] in [[-80, -19, 0], [97, 47, -23, 0]] {
                #expect(mkdir(directory.utf8CString.dropLast() + [47] + name, 0o700) == 0)
            }
            let file: [CChar] = [-80, -19, 47, 49, 0]
            let descriptor = open(directory.utf8CString.dropLast() + [47] + file, O_CREAT | O_WRONLY, 0o600)
            #expect(descriptor >= 0 && close(descriptor) == 0)
            return try ClassFolders(directory: directory)
        }
        #expect(folders.classes.map { FileName.bytes(of: $0.folder) } == [[0x61], [0xB0, 0xED]])
        #expect(folders.leftOut.isEmpty)
    }
    #endif

    @Test("A directory without class folders is refused, and one whose folders are empty")
    func refusals() throws {
        let none = try with("1.jpg") { directory in
            #expect(throws: EvaluationError.self) { try ClassFolders(directory: directory) }
        }
        #expect(none?.description.hasSuffix("There are no class folders in this directory.") == true)
        let empty = try with("a/", "b/.hidden") { directory in
            #expect(throws: EvaluationError.self) { try ClassFolders(directory: directory) }
        }
        #expect(empty?.description.hasSuffix("All class folders of this directory are empty.") == true)
    }

    // MARK: Labels

    private func labels(_ text: String) throws -> ClassLabels {
        try ClassLabels(contents: Array(text.utf8), file: "words.txt")
    }

    @Test("Without a file the folder's name is the label, '_' as blanks")
    func folderNames() throws {
        let names = try ClassLabels().names(of: ["golden_retriever", "고양이", "_a_"])
        #expect(names == [["golden retriever"], ["고양이"], ["a"]])
        #expect(throws: EvaluationError.self) { try ClassLabels().names(of: ["__"]) }
    }

    @Test("A file gives labels with synonyms; folders that do not exist may be named")
    func words() throws {
        let labels = try labels("\u{FEFF}n1\tgoldfish, Carassius auratus\r\n\nn3\t개,고양이\tmore\nn2\tnowhere\n")
        #expect(try labels.names(of: ["n1", "n3"]) == [["goldfish", "Carassius auratus"], ["개,고양이"]])
    }

    @Test("Folders without a label are refused by name")
    func unnamed() throws {
        let labels = try labels("a\tA\n")
        let one = #expect(throws: EvaluationError.self) { try labels.names(of: ["a", "b"]) }
        #expect(one?.description == "There is no label for the class folder 'b'.")
        let many = #expect(throws: EvaluationError.self) { try labels.names(of: (1...25).map(String.init)) }
        #expect(many?.description.hasSuffix("'19', '20' and 5 more.") == true)
    }

    @Test(
        "Lines that are no folder and label, and a folder named twice, are refused with their line",
        arguments: [
            ("a\tA\nb\n", "words.txt, line 2: This is not a folder, a tab and a label."),
            ("a\t\n", "words.txt, line 1: This is not a folder, a tab and a label."),
            ("a\t, \n", "words.txt, line 1: This is not a folder, a tab and a label."),
            ("\tA\n", "words.txt, line 1: This is not a folder, a tab and a label."),
            ("a\tA\n\na\tB\n", "words.txt, line 3: The folder 'a' is named twice."),
            ("\n", "words.txt: The file names no folder."),
        ]
    )
    func badLines(text: String, sentence: String) {
        let failure = #expect(throws: EvaluationError.self) { try labels(text) }
        #expect(failure?.description == sentence)
    }
}
