import CLIPTestSupport
import CLIPWeights
import Testing

/// Random files, from a fixed seed: honest ones come back as they were written, broken ones are refused or valid.
@Suite("Random safetensors headers")
struct SafetensorsPropertyTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private static let alphabet: [Unicode.Scalar] = Array(
        "ab.019_ \"\\\n\u{0}\u{E9}한\u{1F600}/".unicodeScalars
    )

    private func randomTensors(_ generator: inout SeededRandom) -> [SafetensorsBytes.Tensor] {
        (0..<Int.random(in: 0...6, using: &generator)).map { index in
            let letters = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                Self.alphabet.randomElement(using: &generator) ?? "a"
            }
            let type = TensorView.ScalarType.allCases.randomElement(using: &generator) ?? .bool
            let shape = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                Int.random(in: 0...3, using: &generator)
            }
            let byteCount = shape.reduce(type.byteCount, *)
            let data = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
            return .init("\(index)" + String(String.UnicodeScalarView(letters)), type.rawValue, shape, data)
        }
    }

    @Test("Random valid files come back as they were written", arguments: 1...4)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededRandom(seed: seed)
        for _ in 0..<40 {
            let tensors = randomTensors(&generator)
            let padding = Int.random(in: 0...7, using: &generator)
            let bytes = SafetensorsBytes.file(tensors, padding: padding)
            let file = try SafetensorsFile(path: directory.write(bytes, to: "model.safetensors"))
            #expect(file.tensorNames.sorted() == tensors.map(\.name).sorted())
            for tensor in tensors {
                let view = try #require(file.tensor(named: tensor.name))
                let data = view.withUnsafeBytes { Array($0) }
                #expect(
                    SafetensorsBytes.Tensor(view.name, view.scalarType.rawValue, view.shape, data) == tensor
                )
            }
        }
    }

    /// What must hold of any header that is let through: its tensors tile the data, and fit their shapes.
    private func checkIfAccepted(_ json: [UInt8], dataByteCount: Int) {
        guard let header = try? SafetensorsHeader(json: json, dataByteCount: dataByteCount, file: "f") else {
            return
        }
        var covered = 0
        for entry in header.entries {
            #expect(entry.bytes.lowerBound == covered)
            #expect(entry.bytes.count == entry.shape.reduce(entry.scalarType.byteCount, *))
            covered = entry.bytes.upperBound
        }
        #expect(covered == dataByteCount)
    }

    @Test("Flipped, lost, repeated and swapped bytes are refused or harmless", arguments: 1...4)
    func mutations(seed: UInt64) {
        var generator = SeededRandom(seed: seed)
        for _ in 0..<60 {
            let tensors = randomTensors(&generator)
            let entries = SafetensorsBytes.entries(tensors) + [#""__metadata__":{"format":"pt"}"#]
            let honest = Array("{\(entries.joined(separator: ","))}".utf8)
            let dataByteCount = tensors.map(\.data.count).reduce(0, +)
            for _ in 0..<12 {
                var json = honest
                for _ in 0..<Int.random(in: 1...3, using: &generator) where !json.isEmpty {
                    let place = Int.random(in: 0..<json.count, using: &generator)
                    switch Int.random(in: 0..<5, using: &generator) {
                    case 0: json[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                    case 1: json.remove(at: place)
                    case 2: json.insert(json[place], at: place)
                    case 3: json.removeSubrange(place...)
                    default: json.swapAt(place, Int.random(in: 0..<json.count, using: &generator))
                    }
                }
                checkIfAccepted(json, dataByteCount: dataByteCount)
            }
        }
    }

    @Test("A whole file cut anywhere, or with any byte of its header flipped, never ends the process")
    func everyCutAndFlip() throws {
        let bytes = SafetensorsBytes.file([.init("a", [1], floats: [1]), .init("b", [2], floats: [2, 3])])
        for count in 0..<bytes.count {
            let path = try directory.write(Array(bytes[..<count]), to: "model.safetensors")
            #expect(throws: WeightError.self) { try SafetensorsFile(path: path) }
        }
        for place in 0..<bytes.count - 12 {
            var flipped = bytes
            flipped[place] ^= 0x04
            let path = try directory.write(flipped, to: "model.safetensors")
            guard let file = try? SafetensorsFile(path: path) else { continue }
            for name in file.tensorNames { _ = try? file.tensor(named: name)?.floats() }
        }
    }
}
