import CLIPTestSupport
import Foundation
import Testing

@Suite("Names of files that are not UTF-8", .timeLimit(.minutes(5)))
struct ShellNameTests {
    /// Runs lines of the shell in a directory with the model `tiny` and two pictures; `$C` is the command.
    private func shell(_ script: String) async throws -> Command.Outcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-names-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        try TinyModel.quick.write(to: folder.appendingPathComponent("tiny").path)
        for name in ["png-rgb.png", "png-grey.png"] {
            try Data(Fixture.bytes("imaging/\(name)")).write(to: folder.appendingPathComponent(name))
        }
        return try await Command.shell(
            "C=\"$0\"; export CLIP_PRECISION=f32; cd \"$1\"; odd=$(printf 'caf\\351'); \(script)",
            folder.path
        )
    }

    @Test("embed reads the file, and writes its name so that it can be told from others")
    func embed() async throws {
        let outcome = try await shell(
            "cp png-rgb.png $odd.png; cp png-grey.png 'caf\\xE9.png'; \"$C\" embed --model tiny $odd.png 'caf\\xE9.png' png-rgb.png"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let names = outcome.lines.map { $0.prefix { $0 != "," } }
        #expect(names.count == 3)
        #expect(Set(names).count == 3)
        let numbers = outcome.lines.map { $0.drop { $0 != "[" } }
        #expect(numbers[0] == numbers[2])
        #expect(numbers[0] != numbers[1])
        // What every reader of JSON in Python, JavaScript and the shell takes.
        let first = try #require(outcome.lines.first)
        #expect(
            try JSONSerialization.jsonObject(with: Data(first.replacing("\\udce9", with: "?").utf8))
                is [String: Any]
        )
    }

    @Test("compare and benchmark decode read the file")
    func others() async throws {
        let outcome = try await shell(
            "cp png-rgb.png $odd.png; \"$C\" compare --model tiny $odd.png 'a cat' --json && \"$C\" benchmark decode --runs 1 $odd.png"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.count == 2)
    }

    @Test("A file that is not there is named readably, without bytes that a terminal would obey")
    func missing() async throws {
        let outcome = try await shell("\"$C\" embed --model tiny $odd.png \"$(printf 'a\\033[2J\\377')\"")
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("caf\\xE9.png: The file cannot be read: No such file or directory."))
        #expect(outcome.errors.contains("\\xFF: "))
        #expect(!outcome.errors.contains("\u{1B}"))
    }

    @Test("evaluate reads files in class folders, and asks for a label where a folder's name is none")
    func folders() async throws {
        let files = try await shell(
            "mkdir -p set/cat set/dog; cp png-rgb.png set/cat/$odd.png; cp png-grey.png set/dog/a.png; "
                + "\"$C\" evaluate --model tiny --json set"
        )
        #expect(files.status == 0, "\(files.errors)")
        #expect(files.output.contains("\"images\":2,\"skipped\":0"))

        let made = "mkdir -p set/$odd set/dog; cp png-rgb.png set/$odd/a.png; cp png-grey.png set/dog/a.png; "
        let unlabelled = try await shell(made + "\"$C\" evaluate --model tiny set")
        #expect(unlabelled.status != 0)
        #expect(unlabelled.errors.contains("'caf\\xE9' is not UTF-8"))
        #expect(unlabelled.errors.contains("--labels"))

        let labelled = try await shell(
            made + "printf 'caf\\\\xE9\\ta cup\\ndog\\ta dog\\n' > labels.txt; "
                + "\"$C\" evaluate --model tiny --labels labels.txt --json --per-class set"
        )
        #expect(labelled.status == 0, "\(labelled.errors)")
        #expect(labelled.output.contains("\"label\":\"a cup\""))
    }

    @Test("A directory to evaluate, a file of captions and one of labels may be called so")
    func directories() async throws {
        let outcome = try await shell(
            "mkdir -p $odd/cat; cp png-rgb.png $odd/cat/a.png; printf 'image,caption\\r\\ncat/a.png,a cat\\r\\n' > $odd.csv; "
                + "printf 'cat\\ta cat\\r' > $odd.txt; \"$C\" evaluate --model tiny --json $odd && "
                + "\"$C\" evaluate --model tiny --captions $odd.csv --json $odd && "
                + "\"$C\" evaluate --model tiny --labels $odd.txt --json $odd"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.count == 3)
    }

    @Test(
        "Captions and labels in other encodings: a mark is honoured, and what is not UTF-8 is told with its line"
    )
    func encodings() async throws {
        let set = "mkdir -p set/cat; cp png-rgb.png set/cat/a.png; "
        for (encoding, mark) in [("UTF-16LE", "\\377\\376"), ("UTF-16BE", "\\376\\377")] {
            let marked = try await shell(
                set
                    + "(printf '\(mark)'; printf 'image,caption\\r\\ncat/a.png,고양이\\r\\n' | iconv -f UTF-8 -t \(encoding)) > c.csv; "
                    + "\"$C\" evaluate --model tiny --captions c.csv --json set"
            )
            #expect(marked.status == 0, "\(marked.errors)")
        }
        let captions = try await shell(
            set
                + "printf 'image,caption\\ncat/a.png,\\260\\355\\n' > c.csv; \"$C\" evaluate --model tiny --captions c.csv set"
        )
        #expect(captions.errors.contains("c.csv: Line 2 is not UTF-8"))
        let labels = try await shell(
            set + "printf 'cat\\t\\260\\355\\n' > l.txt; \"$C\" evaluate --model tiny --labels l.txt set"
        )
        #expect(labels.errors.contains("l.txt: Line 1 is not UTF-8"))
    }

    @Test("Templates, models and options that are not UTF-8 are refused readably")
    func otherArguments() async throws {
        let commands = [
            "evaluate --model tiny --template \"a $odd {}\" .", "embed --model $odd=tiny png-rgb.png",
            "embed --model \"tiny$odd\" png-rgb.png", "tokenize --model \"$odd\" cat",
            "embed --precision $odd png-rgb.png",
            "--$odd",
        ]
        for command in commands {
            let outcome = try await shell("\"$C\" \(command)")
            #expect(outcome.status != 0, "\(command)")
            #expect(outcome.errors.contains("caf\\xE9"), "\(command): \(outcome.errors)")
        }
    }
}
