/// The parsers that are fuzzed; each reads bytes that a stranger, or the author of a checkpoint, can choose.
///
/// An error is a valid result. A crash, a sanitizer's report, an exceeded time limit or a broken promise is a finding.
enum Parser: String, CaseIterable {
    case json
    case bodies
    case forms
    case heads
    case safetensors
    case archives
    case tokenizers
    case pieces
    case configurations
    case preprocessing
    case checkpoints
    case hub
    case urls
    case texts
    case tars

    func read(_ bytes: [UInt8]) {
        switch self {
        case .json: Parser.readJSON(bytes)
        case .bodies: Parser.readBody(bytes)
        case .forms: Parser.readForm(bytes)
        case .heads: Parser.readHead(bytes)
        case .safetensors: Parser.readSafetensors(bytes)
        case .archives: Parser.readArchive(bytes)
        case .tokenizers: Parser.readTokenizer(bytes)
        case .pieces: Parser.readPieces(bytes)
        case .configurations: Parser.readConfiguration(bytes)
        case .preprocessing: Parser.readPreprocessing(bytes)
        case .checkpoints: Parser.readCheckpoint(bytes)
        case .hub: Parser.readHub(bytes)
        case .urls: Parser.readURL(bytes)
        case .texts: Parser.readText(bytes)
        case .tars: Parser.readTar(bytes)
        }
    }
}
