@testable internal import CLIPTokenization

extension Parser {
    /// Recipes of several layouts; the lowest three bits of the first byte choose one.
    private static let recipes: [TextRecipe] = [
        .transformers(modelType: "siglip", contextLength: 16),
        .transformers(modelType: "siglip2", contextLength: 16),
        .transformers(modelType: "metaclip_2", contextLength: 16),
        .transformers(modelType: "another", contextLength: 16),
        TextRecipe(source: .files, contextLength: 16, cleaning: .canonical, padsToContext: true),
        TextRecipe(source: .files, contextLength: 16, cleaning: .whiteSpace, replacesSeparators: true),
        TextRecipe(source: .files, contextLength: 16, cleaning: .lowerCase),
        TextRecipe(source: .files, contextLength: 1 << 10),
    ]
    /// The classes that settings beside a sentencepiece model may name; the second byte chooses one.
    ///
    /// The model has zero bytes of its own, so its settings cannot be separated from it by one.
    private static let classes = [
        "", "SiglipTokenizer", "Siglip2Tokenizer", "T5Tokenizer", "XLMRobertaTokenizer", "GemmaTokenizer",
        "BertTokenizer", "CLIPTokenizer", "TokenizersBackend", "LlamaTokenizer",
    ]
    private static let captions = [
        "", "a photo of a cat", "A Photo,  of\ta CAT! <unk></s><pad>[MASK]",
        "고양이와 \u{1100}\u{1161} ❤️\u{FFFD}",
    ]

    /// Reads a tokenizer of pieces and tokenizes two captions with it, one of which is the end of the bytes.
    ///
    /// Every token has to have a row, no text may be longer than the network reads, and padded sequences have to be
    /// full.
    static func readPieces(_ bytes: [UInt8]) {
        guard bytes.count > 2 else { return }
        let folder = Folder.shared
        folder.clear()
        let recipe = recipes[Int(bytes[0] & 7)]
        if bytes[0] & 8 == 0 {
            folder.write(
                bytes.dropFirst(),
                as: ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]
            )
        } else {
            let name = classes[Int(bytes[1]) % classes.count]
            if !name.isEmpty {
                let settings = "{\"tokenizer_class\":\"\(name)\",\"pad_token\":\"</s>\"}"
                _ = folder.write(Array(settings.utf8), as: "tokenizer_config.json")
            }
            _ = folder.write(
                Array(bytes.dropFirst(2)),
                as: bytes[0] & 16 == 0 ? "tokenizer.model" : "spiece.model"
            )
        }
        guard let tokenizer = try? CaptionTokenizer(directory: folder.path, recipe: recipe) else { return }
        let chosen = captions[Int(bytes[1] >> 6)]
        for caption in [chosen, String(decoding: bytes.suffix(24), as: UTF8.self)] {
            guard let tokens = try? tokenizer.tokens(for: caption, truncating: true) else { continue }
            let count = tokens.ids.count
            precondition(
                count <= recipe.contextLength && (!recipe.padsToContext || count == recipe.contextLength),
                "A text has \(count) tokens."
            )
            precondition(
                tokens.ids.allSatisfy { (0..<tokenizer.vocabularyCount).contains(Int($0)) },
                "A token has no row."
            )
            if let whole = try? tokenizer.tokens(for: caption) {
                precondition(whole == tokens, "A text that fits is cut.")
            }
        }
    }
}
