// The texts of the search, in both languages.

const english = {
  views: "What to do",
  compare: "Compare",
  search: "Search",
  title: "Search the pictures",
  text: "What should be in the picture?",
  choose: "Choose a picture",
  dropHint: "or drop one anywhere, or paste it: others like it are found",
  options: "More settings",
  under: "Only below this folder",
  score: "Lowest score",
  top: "Number of pictures",
  submit: "Search",
  noneYet: "Nothing here yet. Describe a picture, and those that fit appear here.",
  needQuery: "Please write something, or choose a picture.",
  needScore: "The lowest score is a number, such as 0.2.",
  working: "Searching…",
  found: (count, all, time) => `${count === 1 ? "The best" : `The best ${count}`} of ${all} pictures, in ${time}.`,
  none: (all) => `None of ${all} pictures fits.`,
  figure: (score) => `score ${score}`,
  copies: (count) => (count === 1 ? "and 1 copy" : `and ${count} copies`),
  more: "Show more",
  like: "More like this",
  gone: "no longer there",
};

const korean = {
  views: "할 일",
  compare: "비교",
  search: "검색",
  title: "사진 검색",
  text: "어떤 사진을 찾으세요?",
  choose: "사진 고르기",
  dropHint: "끌어다 놓거나 붙여 넣으면 비슷한 사진을 찾아요",
  options: "추가 설정",
  under: "이 폴더 안에서만",
  score: "최소 점수",
  top: "사진 수",
  submit: "검색하기",
  noneYet: "아직 결과가 없어요. 찾는 사진을 설명하면 어울리는 사진이 여기에 나타나요.",
  needQuery: "찾을 말을 적거나 사진을 골라 주세요.",
  needScore: "최소 점수는 0.2처럼 숫자로 적어 주세요.",
  working: "검색하는 중이에요…",
  found: (count, all, time) => `사진 ${all}장 가운데 가장 어울리는 ${count}장이에요. (${time})`,
  none: (all) => `사진 ${all}장 가운데 어울리는 사진이 없어요.`,
  figure: (score) => `점수 ${score}`,
  copies: (count) => `같은 사진 ${count}장 더`,
  more: "더 보기",
  like: "비슷한 사진",
  gone: "파일이 없어요",
};

/** The texts in the page's language. */
export const texts = () => (document.documentElement.lang === "ko" ? korean : english);

/** A number as it is written in that language. */
export const count = (number) => new Intl.NumberFormat(document.documentElement.lang).format(number);
