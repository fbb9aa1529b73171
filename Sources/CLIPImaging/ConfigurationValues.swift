#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension PreprocessingRecipe {
    /// Reads JSON, saying which field is of another kind than expected.
    static func decode<Config: Decodable>(
        _ type: Config.Type,
        from json: [UInt8]
    ) throws(ImagingError) -> Config {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            let path = context.codingPath.filter { $0.intValue == nil }.map(\.stringValue)
            throw .malformedConfiguration(name: path.isEmpty ? nil : path.joined(separator: "."))
        } catch {
            throw .malformedConfiguration(name: nil)
        }
    }
}

/// A number for each of red, green and blue, or one for all.
struct ChannelValues: Decodable {
    let values: [Float]
    /// Whether it was one for all.
    let isSingle: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Float.self) {
            (values, isSingle) = ([value, value, value], true)
        } else {
            (values, isSingle) = (try container.decode([Float].self), false)
        }
    }
}

/// A boolean, or 1 or 0 in its place, which Python takes for the same.
struct Flag: Decodable {
    let value: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self), number == 0 || number == 1 {
            value = number == 1
        } else {
            value = try container.decode(Bool.self)
        }
    }
}

/// A size as transformers writes it: a number, height and width, or an object that names its edges.
struct SideLengths: Decodable {
    /// The number, where it is one.
    var single: Int?
    var shortestEdge, longestEdge, height, width: Int?

    enum CodingKeys: String, CodingKey {
        case shortestEdge = "shortest_edge"
        case longestEdge = "longest_edge"
        case height, width
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.singleValueContainer() {
            if let side = try? container.decode(Int.self) {
                single = side
                return
            }
            if let sides = try? container.decode([Int].self), sides.count == 2 {
                (height, width) = (sides[0], sides[1])
                return
            }
        }
        let edges = try decoder.container(keyedBy: CodingKeys.self)
        shortestEdge = try edges.decodeIfPresent(Int.self, forKey: .shortestEdge)
        longestEdge = try edges.decodeIfPresent(Int.self, forKey: .longestEdge)
        height = try edges.decodeIfPresent(Int.self, forKey: .height)
        width = try edges.decodeIfPresent(Int.self, forKey: .width)
    }
}
