import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

/// One test for each way in which a file can lie about itself.
@Suite("A lying safetensors file is refused")
struct LyingFileTests {
    private let directory: TemporaryDirectory
    private var path: String { "\(directory.path)/model.safetensors" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func expect(
        _ error: WeightError,
        _ bytes: [UInt8],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        try directory.write(bytes, to: "model.safetensors")
        #expect(throws: error, sourceLocation: location) { try SafetensorsFile(path: path) }
    }

    private func expect(
        _ error: WeightError,
        header: String,
        dataByteCount: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let data = [UInt8](repeating: 0, count: dataByteCount)
        try expect(error, SafetensorsBytes.file(header: header, data: data), location)
    }

    private func entry(_ type: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]") -> String
    {
        #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    private func malformed(_ offset: Int, _ expected: String) -> WeightError {
        .malformedJSON(file: path, offset: offset, expected: expected)
    }

    @Test("It is not there")
    func absent() {
        #expect(throws: WeightError.unreadableFile(path: path, code: 2)) { try SafetensorsFile(path: path) }
    }

    @Test("It is a directory")
    func aDirectory() {
        #expect(throws: WeightError.notARegularFile(path: directory.path)) {
            try SafetensorsFile(path: directory.path)
        }
    }

    @Test("It is a pipe that nobody writes to")
    func pipe() {
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: WeightError.notARegularFile(path: path)) { try SafetensorsFile(path: path) }
    }

    @Test("It is a device")
    func device() {
        #expect(throws: WeightError.notARegularFile(path: "/dev/zero")) {
            try SafetensorsFile(path: "/dev/zero")
        }
    }

    @Test("It has no room for the header's length", arguments: [0, 1, 7])
    func tooSmall(byteCount: Int) throws {
        try expect(.fileTooSmall(file: path, byteCount: byteCount), [UInt8](repeating: 0, count: byteCount))
    }

    @Test("Its header is longer than the format allows", arguments: [100_000_001, UInt64.max, 1 << 63])
    func headerTooLarge(claim: UInt64) throws {
        try expect(
            .headerTooLarge(file: path, byteCount: claim, limit: 100_000_000),
            SafetensorsBytes.littleEndian(claim) + [0x7B, 0x7D]
        )
    }

    @Test("Its header is longer than the file", arguments: [3, 100_000_000])
    func headerBeyondFile(claim: Int) throws {
        try expect(
            .headerBeyondFile(file: path, headerByteCount: claim, fileByteCount: 10),
            SafetensorsBytes.littleEndian(UInt64(claim)) + [0x7B, 0x7D]
        )
    }

    @Test("Its header is not UTF-8")
    func notUTF8() throws {
        try expect(
            .notUTF8(file: path),
            SafetensorsBytes.file(header: Array("{\"".utf8) + [0xC3, 0x28, 0x22, 0x7D])
        )
        // The encodings of a surrogate and of an overlong slash.
        try expect(.notUTF8(file: path), SafetensorsBytes.file(header: [0x7B, 0xED, 0xA0, 0x80]))
        try expect(.notUTF8(file: path), SafetensorsBytes.file(header: [0x7B, 0xC0, 0xAF]))
    }

    @Test("Its header does not begin with a brace")
    func headerStart() throws {
        for header in ["", " {}", "[]", "\u{FEFF}{}", "null"] {
            try expect(malformed(0, "'{'"), header: header)
        }
    }

    @Test(
        "Its header is not JSON",
        arguments: [
            ("{", 1, "a string"), ("{}x", 2, "the end"), ("{}{}", 2, "the end"), ("{,}", 1, "a string"),
            (#"{"a"}"#, 4, "':'"), (#"{"a":}"#, 5, "'{'"), (#"{"a":[]}"#, 5, "'{'"),
            (#"{"a":null}"#, 5, "'{'"),
            (#"{"a"#, 3, "the end of a string"), (#"{"a\"#, 4, "an escaped character"),
            (#"{"\x":{}}"#, 3, "an escaped character"),
            ("{\"a\nb\":{}}", 3, "no control character within a string"),
            (#"{"\u12"#, 6, "four hexadecimal digits"), (#"{"\u12g4":{}}"#, 6, "four hexadecimal digits"),
            (#"{"\ud800":{}}"#, 8, "a surrogate pair"), (#"{"\udc00":{}}"#, 8, "a surrogate pair"),
            (#"{"\ud800\n":{}}"#, 9, "a surrogate pair"), (#"{"\ud800\u0041":{}}"#, 14, "a surrogate pair"),
            (#"{"a":{"dtype":32}}"#, 14, "a string"), (#"{"a":{"shape":3}}"#, 14, "'['"),
            (#"{"a":{"shape":[1,]}}"#, 17, "a whole number"),
            (#"{"a":{"shape":[-1]}}"#, 15, "a whole number"),
            (#"{"a":{"shape":["1"]}}"#, 15, "a whole number"),
            (#"{"a":{"shape":[1.0]}}"#, 16, "a whole number"),
            (#"{"a":{"shape":[1e3]}}"#, 16, "a whole number"),
            (#"{"a":{"shape":[1E3]}}"#, 16, "a whole number"),
            (#"{"a":{"shape":[01]}}"#, 15, "a number without leading zeros"),
            (#"{"a":{"shape":[9223372036854775808]}}"#, 33, "a number below 2^63"),
            (#"{"a":{"shape":[99999999999999999999]}}"#, 33, "a number below 2^63"),
            (#"{"a":{"shape":[1 2]}}"#, 17, "']'"), (#"{"a":{"data_offsets":[0]}}"#, 23, "','"),
            (#"{"a":{"data_offsets":[0,1,2]}}"#, 25, "']'"),
            (#"{"a":{"data_offsets":[]}}"#, 22, "a whole number"),
            (#"{"__metadata__":null}"#, 16, "'{'"), (#"{"__metadata__":{"a":1}}"#, 21, "a string"),
            (#"{"__metadata__":{"a":{}}}"#, 21, "a string"),
        ]
    )
    func malformedHeader(header: String, offset: Int, expected: String) throws {
        try expect(malformed(offset, expected), header: header)
    }

    @Test("A comma has nothing after it")
    func trailingComma() throws {
        let header = #"{"a":\#(entry()),}"#
        try expect(malformed(header.utf8.count - 1, "a string"), header: header, dataByteCount: 8)
    }

    @Test("A tensor is listed twice")
    func duplicateTensor() throws {
        let header = #"{"a":\#(entry()),"b":\#(entry("F32", "[0]", "[8,8]")),"a":\#(entry())}"#
        try expect(.duplicateTensor(name: "a", file: path), header: header, dataByteCount: 8)
    }

    @Test("A tensor is listed twice, once with an escaped name")
    func duplicateEscapedTensor() throws {
        let header = #"{"ab":\#(entry()),"\u0061b":\#(entry())}"#
        try expect(.duplicateTensor(name: "ab", file: path), header: header, dataByteCount: 8)
    }

    @Test("Two names differ only in their composition")
    func duplicateComposedTensor() throws {
        let header = #"{"\u00e9":\#(entry()),"e\u0301":\#(entry())}"#
        try expect(.duplicateTensor(name: "\u{E9}", file: path), header: header, dataByteCount: 8)
    }

    @Test("The metadata come twice, or a key of them does")
    func duplicateMetadata() throws {
        try expect(
            .duplicateTensor(name: "__metadata__", file: path),
            header: #"{"__metadata__":{},"__metadata__":{}}"#
        )
        try expect(.duplicateKey(key: "k", file: path), header: #"{"__metadata__":{"k":"1","k":"1"}}"#)
    }

    @Test("A tensor gives a field twice")
    func duplicateField() throws {
        try expect(
            .duplicateField(tensor: "a", field: "dtype", file: path),
            header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"dtype":"I32"}}"#,
            dataByteCount: 8
        )
    }

    @Test("A tensor has a field that the format does not know")
    func unknownField() throws {
        try expect(
            .unknownField(tensor: "a", field: "strides", file: path),
            header: #"{"a":{"strides":[1]}}"#
        )
    }

    @Test("A tensor lacks a field", arguments: ["dtype", "shape", "data_offsets"])
    func missingField(field: String) throws {
        let fields = [#""dtype":"F32""#, #""shape":[2]"#, #""data_offsets":[0,8]"#].filter {
            !$0.contains(field)
        }
        try expect(
            .missingField(tensor: "a", field: field, file: path),
            header: "{\"a\":{\(fields.joined(separator: ","))}}",
            dataByteCount: 8
        )
    }

    @Test("A tensor has a type that nobody knows", arguments: ["F4", "f32", "", "C64", "F32 "])
    func unknownType(type: String) throws {
        try expect(
            .unknownScalarType(tensor: "a", type: type, file: path),
            header: #"{"a":\#(entry(type))}"#,
            dataByteCount: 8
        )
    }

    @Test("A tensor has too many dimensions")
    func dimensions() throws {
        let shape = [Int](repeating: 1, count: 65)
        try expect(
            .tooManyDimensions(tensor: "a", limit: 64, file: path),
            header: #"{"a":\#(entry("U8", "\(shape)", "[0,1]"))}"#,
            dataByteCount: 1
        )
    }

    @Test(
        "A shape is too large to count",
        arguments: [[Int.max, 2], [Int.max], [1 << 31, 1 << 31, 4], [0, Int.max, 2], [Int.max, 2, 0]]
    )
    func overflow(shape: [Int]) throws {
        try expect(
            .shapeOverflow(tensor: "a", shape: shape, file: path),
            header: #"{"a":\#(entry("F32", "\(shape)"))}"#,
            dataByteCount: 8
        )
    }

    @Test("A tensor begins after its end")
    func reversed() throws {
        try expect(
            .offsetsReversed(tensor: "a", begin: 8, end: 0, file: path),
            header: #"{"a":\#(entry("F32", "[2]", "[8,0]"))}"#,
            dataByteCount: 8
        )
    }

    @Test("A tensor ends after the file")
    func beyond() throws {
        try expect(
            .offsetsBeyondData(tensor: "a", end: 8, dataByteCount: 7, file: path),
            header: #"{"a":\#(entry())}"#,
            dataByteCount: 7
        )
        try expect(
            .offsetsBeyondData(tensor: "a", end: .max, dataByteCount: 8, file: path),
            header: #"{"a":\#(entry("F32", "[2]", "[\(Int.max - 8),\(Int.max)]"))}"#,
            dataByteCount: 8
        )
    }

    @Test("A shape and the offsets disagree")
    func mismatch() throws {
        for (type, shape, expected) in [
            ("F32", "[3]", 12), ("F16", "[2]", 4), ("F64", "[]", 8), ("F32", "[0]", 0),
        ] {
            try expect(
                .byteCountMismatch(tensor: "a", expected: expected, found: 10, file: path),
                header: #"{"a":\#(entry(type, shape, "[0,10]"))}"#,
                dataByteCount: 10
            )
        }
    }

    @Test("Bytes before a tensor belong to none")
    func hole() throws {
        try expect(
            .holeInData(tensor: "a", expectedBegin: 0, begin: 4, file: path),
            header: #"{"a":\#(entry("F32", "[2]", "[4,12]"))}"#,
            dataByteCount: 12
        )
        try expect(
            .holeInData(tensor: "b", expectedBegin: 8, begin: 9, file: path),
            header: #"{"b":\#(entry("F32", "[2]", "[9,17]")),"a":\#(entry())}"#,
            dataByteCount: 17
        )
    }

    @Test("Two tensors share bytes")
    func overlap() throws {
        try expect(
            .overlappingData(tensor: "b", expectedBegin: 8, begin: 4, file: path),
            header: #"{"a":\#(entry()),"b":\#(entry("F32", "[2]", "[4,12]"))}"#,
            dataByteCount: 12
        )
        try expect(
            .overlappingData(tensor: "none", expectedBegin: 8, begin: 4, file: path),
            header: #"{"a":\#(entry()),"none":\#(entry("F32", "[0]", "[4,4]"))}"#,
            dataByteCount: 8
        )
    }

    @Test("Bytes after the last tensor belong to none")
    func trailing() throws {
        try expect(
            .trailingData(file: path, described: 8, found: 9),
            header: #"{"a":\#(entry())}"#,
            dataByteCount: 9
        )
        try expect(.trailingData(file: path, described: 0, found: 1), header: "{}", dataByteCount: 1)
    }

    @Test("It was cut short after it was opened")
    func changed() throws {
        try directory.write(
            SafetensorsBytes.file([.init("a", [2], floats: [1, 2])]),
            to: "model.safetensors"
        )
        let tensor = try #require(try SafetensorsFile(path: path).tensor(named: "a"))
        #expect(truncate(path, 8) == 0)
        #expect(throws: WeightError.fileChanged(path: path)) { try tensor.floats() }
        #expect(throws: WeightError.fileChanged(path: path)) {
            try withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) { try tensor.copyFloats(into: $0) }
        }
    }

    @Test("It has more names, or a longer one, than any real file")
    func bounded() throws {
        let many = (0...65_536).map { #""\#($0)":"""# }.joined(separator: ",")
        let header = #"{"__metadata__":{\#(many)}}"#
        let offset = try #require(header.range(of: #""65536""#)).lowerBound.utf16Offset(in: header)
        try expect(malformed(offset, "at most 65536 names"), header: header)
        let long = String(repeating: "a", count: 1_025)
        try expect(malformed(1_028, "a name of at most 1024 bytes"), header: #"{"\#(long)":\#(entry())}"#)
    }
}
