-- What version 0.1.0 left in its store: ann, her session, two memos, one of which was edited, and one that was deleted.
-- Recorded at 1795402196000 (milliseconds since 1970). Nothing changes this file any more.
INSERT INTO spin_key_value VALUES ('default', 'auth/key/signing', CAST('{"version":1,"keys":[{"seed":"YsUo_ub3g4Uin1mOft0GJwyczv5HzYHL_FREbsrnZdE","created_at":1795402195695}]}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'auth/layout', CAST('atomic-1' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'auth/name/ann', CAST('{"user_id":"wPSBVdfdYMPfCwRiMlQmDg"}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'auth/session/NgbpCb7fsKEOMtiOuRM7JA', CAST('{"id":"NgbpCb7fsKEOMtiOuRM7JA","user_id":"wPSBVdfdYMPfCwRiMlQmDg","username":"ann","client_id":"memo-web","chain_key":"WExwolkhQKTTLRMdT1INVH38z86VSzRY5eJrL1Yy5xs","refresh_hash":"L2LEW14tA58Ndz3BR7G3owhJYizRUCNdikyDN9L8kk0","previous_hash":null,"rotated_at":1795402195650,"version":1,"created_at":1795402195650,"expires_at":1797994195650}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'auth/user/wPSBVdfdYMPfCwRiMlQmDg', CAST('{"username":"ann","password_hash":"$argon2id$v=19$m=19456,t=2,p=1$HBYysTE4LvnlrXuPVv4NYA$RnkWUTB6qE2iiV7e4s6EzJ3ZbbNN7qOLJOKmVrg+qNI","created_at":1795402195450}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'memo/jwks', CAST('{"jwks":"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"Kb9YX62EOJYZuOD9TldHnTZ6HtNLTyVrrIcbZptGoBs\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"kid\":\"3LsQFJuADKZtDUUcFO_UwHLgYmbOQbYYCGqV-BNnUpg\"}]}","given_at":1795402195768}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'memo/layout', CAST('atomic-1' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'memo/wPSBVdfdYMPfCwRiMlQmDg/1', CAST('{"text":"우유 사기","created_at":1795402195769,"updated_at":1795402195769,"version":1}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'memo/wPSBVdfdYMPfCwRiMlQmDg/2', CAST('{"text":"edited twice #장보기\n\n- [ ] a box","created_at":1795402195780,"updated_at":1795402195898,"version":2}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'memo/wPSBVdfdYMPfCwRiMlQmDg/idem/7kDKboQ2RHYfEDLdwA_2Rh700Ar6ms8zjVBgIbAp064', CAST('{"version":1,"fingerprint":"X22dM79Iv2rtzLsGK5Jv5KR5qeqpVAWi3rpMmaazUVY","id":2,"started_at":1795402195780,"done":true}' AS BLOB));
INSERT INTO spin_key_value VALUES ('default', 'memo/wPSBVdfdYMPfCwRiMlQmDg/seq', X'0300000000000000');
