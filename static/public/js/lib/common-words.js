// The words that passwords are most often made of, in English and in Korean, also as Korean comes out of an English keyboard
// (dkssud is 안녕). Sorted by nothing: what is here at all is tried first by who guesses.

const WORDS = `password passwd passw0rd pass word secret login admin root user guest test welcome letmein changeme access
master default system server internet computer google naver kakao samsung apple microsoft windows android facebook
love iloveyou lover baby babygirl honey angel sweet sweetie heart kiss forever happy smile lucky hello freedom peace
princess prince queen king superman batman spiderman ironman starwars startrek pokemon pikachu naruto minecraft nintendo
football baseball basketball soccer hockey golf tennis swimming liverpool chelsea arsenal barcelona yankees lakers
dragon tiger lion eagle monkey panda turtle dolphin elephant butterfly rabbit puppy kitty horse mustang phoenix wolf
sunshine summer winter spring autumn flower garden ocean river mountain island rainbow shadow thunder midnight star moon
sun snow fire water earth silver golden diamond crystal purple orange yellow green black white blue pink
michael jordan michelle jessica jennifer daniel david james john robert william thomas charlie george andrew anthony
matthew joshua nicole ashley amanda samantha maria anna sophie alexander christian jackson harley maverick hunter ranger
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
november december birthday family mother father sister brother friend school student teacher doctor music guitar piano
cookie chocolate banana cherry coffee pepper cheese chicken pizza money dollar business trustno1 whatever nothing
company office manager service korea seoul busan london paris america canada china japan newyork chelsea corvette mercedes
ferrari porsche yamaha honda toyota hyundai killer hacker ninja pirate soldier warrior wizard magic matrix hardcore
dkssud dkssudgktpdy tkfkd tkfkdgo tkfkdgody qlalfqjsgh qlqjs gksrnr eogksalsrnr dltnstls dlswmd rkawk
안녕 안녕하세요 사랑 사랑해 사랑해요 비밀 비밀번호 암호 대한민국 한국 서울 우리 엄마 아빠 가족 친구 행복 천사 하늘 바다 나무 학교 회사 생일 로그인`;

/** @type {ReadonlySet<string>} */
export const COMMON_WORDS = new Set(WORDS.split(/\s+/u));

/** The length of the longest. */
export const LONGEST_WORD = Math.max(...Array.from(COMMON_WORDS, (word) => word.length));
